import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const CONFIG = `
[ca]
default_ca = here
[here]
dir = .
database = ./index.txt
serial = ./serial
crlnumber = ./crlnumber
new_certs_dir = .
certificate = ./ca.crt
private_key = ./ca.key
default_md = sha256
default_days = 30
default_crl_days = 7
unique_subject = no
policy = any
[any]
commonName = supplied
[req]
distinguished_name = empty
[empty]
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[issuing]
basicConstraints = critical,CA:true,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
[device]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
[server]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
[encipher]
basicConstraints = critical,CA:false
keyUsage = critical,keyEncipherment
`;

type Kind = "device" | "server" | "encipher" | "issuing";

/** An authority of a hospital, made and used by `openssl` as its people would. */
export interface TestAuthority {
  readonly cert: string;
  /** Files NAME.crt and NAME.key in its folder. @param span as openssl has it, 20200101000000Z */
  issue(
    name: string,
    options?: { kind?: Kind; span?: readonly [from: string, to: string]; subject?: string },
  ): Promise<{ cert: string; key: string; certFile: string; keyFile: string }>;
  /** An authority below this one. */
  below(name: string): Promise<TestAuthority>;
  /** Its list as it is now, PEM. */
  list(options?: { hoursAgo?: number }): Promise<string>;
  revoke(name: string): Promise<void>;
}

export async function makeAuthority(folder: string, name: string): Promise<TestAuthority> {
  const openssl = prepare(folder);
  await openssl(
    "req",
    "-x509",
    ...NEW_KEY,
    "-subj",
    `/CN=${name}`,
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
    "-days",
    "365",
    "-config",
    "openssl.cnf",
    "-extensions",
    "root",
  );
  return open(folder, openssl);
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

function prepare(folder: string) {
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries({
    "openssl.cnf": CONFIG,
    "index.txt": "",
    serial: "1000\n",
    crlnumber: "01\n",
  }))
    writeFileSync(join(folder, file), text);
  return (...args: string[]) => run("openssl", args, { cwd: folder, timeout: 30_000 });
}

function open(folder: string, openssl: (...args: string[]) => Promise<unknown>): TestAuthority {
  const path = (file: string) => join(folder, file);
  const issue: TestAuthority["issue"] = async (name, { kind = "device", span, subject = `/CN=${name}` } = {}) => {
    await openssl(
      "req",
      "-new",
      ...NEW_KEY,
      "-subj",
      subject,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
      "-config",
      "openssl.cnf",
    );
    const dates = span ? ["-startdate", span[0], "-enddate", span[1]] : [];
    await openssl(
      "ca",
      "-batch",
      "-notext",
      "-config",
      "openssl.cnf",
      "-extensions",
      kind,
      ...dates,
      "-in",
      `${name}.csr`,
      "-out",
      `${name}.crt`,
    );
    const [certFile, keyFile] = [path(`${name}.crt`), path(`${name}.key`)];
    return { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8"), certFile, keyFile };
  };
  return {
    cert: readFileSync(path("ca.crt"), "utf8"),
    issue,
    async below(name) {
      const { cert, key } = await issue(name, { kind: "issuing" });
      const below = path(name);
      const command = prepare(below);
      writeFileSync(join(below, "ca.crt"), cert);
      writeFileSync(join(below, "ca.key"), key);
      // Numbers that the authority above has not given.
      writeFileSync(join(below, "serial"), "2000\n");
      return open(below, command);
    },
    async list({ hoursAgo } = {}) {
      const hour = 3_600_000;
      const at = (ms: number) => `${new Date(ms).toISOString().replace(/[-:T]/g, "").slice(0, 14)}Z`;
      const now = Date.now();
      const dates =
        hoursAgo === undefined
          ? []
          : ["-crl_lastupdate", at(now - (hoursAgo + 1) * hour), "-crl_nextupdate", at(now - hoursAgo * hour)];
      await openssl("ca", "-gencrl", "-config", "openssl.cnf", ...dates, "-out", "list.pem");
      return readFileSync(path("list.pem"), "utf8");
    },
    async revoke(name) {
      await openssl("ca", "-revoke", `${name}.crt`, "-config", "openssl.cnf");
    },
  };
}
