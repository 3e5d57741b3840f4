// `npm run sbom`: what is installed to run Openward, as CycloneDX, from the lock file alone.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

export interface Component {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly "bom-ref": string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}

interface Dependency {
  readonly ref: string;
  readonly dependsOn?: readonly string[];
}

export interface Sbom {
  readonly bomFormat: string;
  readonly metadata: { readonly component: Component; readonly timestamp?: string };
  readonly components: readonly Component[];
  readonly dependencies: readonly Dependency[];
  readonly serialNumber?: string;
}

interface Locked {
  readonly name?: string;
  readonly version?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

const readJson = (file: string) => JSON.parse(readFileSync(join(root, file), "utf8"));

/**
 * npm lists everything; what is for development only is taken out by the lock's own mark. (npm's `--omit=dev` takes out
 * what a tool needs as well, though the server needs it too: `ws`, `mqtt`, `pg-protocol`.)
 *
 * @throws Error with what npm says
 */
export function makeSbom(): Sbom {
  const asked = ["sbom", "--package-lock-only", "--sbom-format=cyclonedx"];
  const isWindows = process.platform === "win32";
  const made = spawnSync("npm", asked, { cwd: root, encoding: "utf8", maxBuffer: 64_000_000, shell: isWindows });
  if (made.status !== 0) throw new Error(made.stderr || "npm sbom failed");
  // When it was made, and a number drawn for it, would make two of one tree differ.
  const { serialNumber: _, ...sbom } = JSON.parse(made.stdout) as Sbom;
  const { timestamp: __, ...metadata } = sbom.metadata;
  const known = runningPackages();
  const components = sbom.components.filter(
    ({ name, version }) => known.has(`${name}@${version}`) || name.startsWith("@openward/"),
  );
  const refs = new Set([metadata.component["bom-ref"], ...components.map((one) => one["bom-ref"])]);
  return {
    ...sbom,
    // npm takes the name from the folder of the clone.
    metadata: { ...metadata, component: { ...metadata.component, name: readJson("package.json").name } },
    components,
    dependencies: sbom.dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) })),
  };
}

/** "name@version" of what the lock has and does not mark as of development. */
function runningPackages(): Set<string> {
  const { packages } = readJson("package-lock.json") as { packages: Record<string, Locked> };
  return new Set(
    Object.entries(packages)
      .filter(([path, { dev, link }]) => path.includes("node_modules/") && !dev && !link)
      .map(([path, { name, version }]) => `${name ?? path.split("node_modules/").at(-1)}@${version}`),
  );
}

if (import.meta.main) {
  const sbom = makeSbom();
  writeFileSync(join(root, "openward.cdx.json"), `${JSON.stringify(sbom, null, 2)}\n`);
  process.stderr.write(`openward: openward.cdx.json: ${sbom.components.length} components\n`);
}
