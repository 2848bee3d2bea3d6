// CEL's own conformance cases as JSON, one a line: the names of the suites above it, and the case.
const path = require('path');
const { tests } = require(path.join(process.argv[2],
    'node_modules/@bufbuild/cel-spec/dist/cjs/testdata/conformance.js'));

function print(suite, above) {
    const names = [...above, suite.name];
    for (const test of suite.tests ?? [])
        console.log(JSON.stringify({ suite: names.join('/'), ...test.original }));
    for (const below of suite.suites ?? [])
        print(below, names);
}

print(tests, []);
