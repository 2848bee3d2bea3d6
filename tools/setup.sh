# Shared by ./tools/demo and ./tools/test: what is missing is installed, and a thing that is wrong
# is said in one plain line, in the language of the caller. Sourced, not run.

case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in zh*) speaks=zh ;; *) speaks=en ;; esac

say() { # zh en
    if [ "$speaks" = zh ]; then printf '%s\n' "$1"; else printf '%s\n' "$2"; fi
}

die() { # zh en
    say "失败:$1" "failed: $2" >&2
    exit 1
}

packages_of() { # section…
    for section in "$@"; do
        sed -n "/^\[$section\]/,/^\[/p" "$root/tools/packages.txt" | grep -v '^[[#]' || true
    done
}

missing_packages() {
    for line in "$@"; do
        package=${line%%|*}
        word=${line#*|command:} # the whole line where it names no command
        if [ "$word" != "$line" ] && command -v "$word" >/dev/null; then continue; fi
        status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
        [ "$status" = "install ok installed" ] || printf '%s ' "$package"
    done
}

install_packages() { # section…
    command -v dpkg-query >/dev/null || die "本脚本只会在 Debian 上安装依赖;请按 tools/packages.txt 自行安装" \
        "this script installs on Debian only; elsewhere install what tools/packages.txt names"
    # Word splitting is wanted: a list of package names.
    missing=$(missing_packages $(packages_of "$@"))
    [ -n "$missing" ] || return 0
    say "安装缺少的软件包:$missing" "installing what is missing: $missing"
    as_root=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || die "安装软件包需要 root 或 sudo" \
            "installing packages needs root or sudo"
        as_root=sudo
    fi
    $as_root apt-get -qq update || die "apt-get update 失败:没有网络,或软件源不可用" \
        "apt-get update failed: no network, or the package source cannot be reached"
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >/dev/null \
        || die "软件包安装失败(没有网络或磁盘已满?)" \
            "the packages could not be installed (no network, or the disk is full?)"
}

require_space() { # MiB folder
    [ -d "$2" ] && [ -w "$2" ] || die "$2 不存在或不可写" "$2 is missing or cannot be written to"
    free=$(df -Pm "$2" | awk 'NR == 2 {print $4}')
    [ "$free" -ge "$1" ] || die "磁盘空间不足:$2 需要 $1 MiB,只有 $free MiB" \
        "not enough disk space: $2 needs $1 MiB and has $free"
}

build_preset() { # preset target…
    preset=$1
    shift
    say "编译($preset)…" "building ($preset) …"
    log="$root/build/$preset.log"
    { mkdir -p "$root/build" && : >"$log"; } 2>/dev/null \
        || die "无法写入 $root/build(属于另一个用户?)" \
            "cannot write to $root/build (does it belong to another user?)"
    (cd "$root" && cmake --preset "$preset" >"$log" 2>&1) \
        || { tail -n 20 "$log" >&2; die "CMake 配置失败,见 $log" "CMake could not configure, see $log"; }
    (cd "$root" && cmake --build --preset "$preset" ${1:+--target "$@"} 2>&1 | tee -a "$log" | progress_of_ninja) \
        || { tail -n 40 "$log" >&2; die "编译失败,见 $log" "the build failed, see $log"; }
}

# [12/345] lines: one line that is written over on a terminal, every fiftieth in a log.
progress_of_ninja() {
    if [ -t 1 ]; then
        awk '/^\[[0-9]+\/[0-9]+\]/ {printf "\r\033[K%.70s", $0; fflush()} END {printf "\r\033[K"}'
    else
        awk '/^\[[0-9]+\/[0-9]+\]/ {if (++n % 50 == 0) {print "  " $1; fflush()}}'
    fi
}
