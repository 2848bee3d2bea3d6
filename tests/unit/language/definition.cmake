# ld_test(name unit/room/x_test.c ld_room …), one line a test.
ld_test(yaml_test unit/language/yaml_test.c ld_language)
ld_test(definition_test unit/language/definition_test.c ld_language ld_digest)
ld_test(paths_test unit/language/paths_test.c ld_language)
ld_test(model_test unit/language/model_test.c ld_language)
ld_test(guard_test unit/language/guard_test.c ld_language)
ld_test(definition_family_test unit/language/definition_family_test.c ld_language)
