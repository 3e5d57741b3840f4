import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeSbom } from "../scripts/sbom.ts";
import { root } from "./support/ward.ts";

interface Locked {
  readonly name?: string;
  readonly version?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
  packages: Record<string, Locked>;
};

/** "name@version" of what is installed from elsewhere, by where it lies. */
const locked = (isWanted: (one: Locked) => boolean) =>
  Object.entries(packages)
    .filter(([path, one]) => path.includes("node_modules/") && one.link !== true && isWanted(one))
    .map(([path, one]) => ({ id: `${one.name ?? path.split("node_modules/").at(-1)}@${one.version}`, ...one }));

test("the bill of materials has every locked package that runs, with its hash, no tool of development, and no registry", () => {
  const sbom = makeSbom();
  const text = JSON.stringify(sbom);
  assert.equal(sbom.bomFormat, "CycloneDX");
  const listed = new Map(sbom.components.map((one) => [`${one.name}@${one.version}`, one]));
  const runs = locked(({ dev }) => dev !== true);
  assert.ok(runs.length > 200);
  for (const { id, integrity } of runs) {
    const component = listed.get(id);
    assert.ok(component, `${id} is in the lock`);
    const hash = component.hashes?.[0];
    assert.equal(Buffer.from(hash?.content ?? "", "hex").toString("base64"), integrity?.replace(/^sha512-/, ""), id);
  }
  const known = new Set(runs.map(({ id }) => id));
  for (const id of listed.keys()) assert.ok(known.has(id) || id.startsWith("@openward/"), `${id} is not in the lock`);
  for (const { id } of locked(({ dev }) => dev === true)) assert.ok(known.has(id) || !listed.has(id), id);
  assert.deepEqual(
    [...new Set(text.match(/https?:\/\/[^/"]+/g))].filter((host) => host !== "http://cyclonedx.org"),
    [],
  );
  // The same tree gives the same bytes.
  assert.equal(sbom.serialNumber, undefined);
  assert.equal(sbom.metadata.timestamp, undefined);
});
