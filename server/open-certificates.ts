import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "./config.ts";
import type { Claims, Renewal } from "./connect/ports.ts";
import type { Foundation } from "./foundation.ts";
import type { Ground } from "./ground.ts";
import type { PortalDeps } from "./portal/index.ts";
import type { Directory } from "./store/registry/index.ts";

/** The authority is opened for the first device that asks for a certificate, listeners with TLS or none. */
export function createClaims({
  config,
  devices,
  runtime,
}: Pick<Ground, "config" | "runtime"> & Pick<Foundation, "devices">): Claims {
  return {
    async claim(code, csr) {
      if (csr === null) return { ...(await devices.claim(code, null)), certificate: null };
      const { openAuthority } = await import("./tls/index.ts");
      const authority = await openAuthority(join(config.dataDir, "tls"), runtime);
      const claimed = await devices.claim(code, (deviceId) =>
        authority.issueDevice(deviceId, { csr, days: CLAIMED_DAYS }),
      );
      const { certificate } = claimed;
      return { ...claimed, certificate: certificate && { ...certificate, authority: authority.cert } };
    },
  };
}

/** The same authority, for a device that has a certificate of it. */
export function createRenewal({
  config,
  devices,
  runtime,
}: Pick<Ground, "config" | "runtime"> & Pick<Foundation, "devices">): Renewal {
  const open = async () => {
    const { certsOnly, openAuthority } = await import("./tls/index.ts");
    return { certsOnly, authority: await openAuthority(join(config.dataDir, "tls"), runtime) };
  };
  return {
    async authorities() {
      const { certsOnly, authority } = await open();
      return certsOnly([authority.cert]);
    },
    async renew(device, csr) {
      const { certsOnly, authority } = await open();
      const issued = await authority.issueDevice(device.deviceId, { csr, days: CLAIMED_DAYS, isRenewal: true });
      await devices.renewCertificate(device, issued, RENEWAL_OVERLAP_MS);
      return certsOnly([issued.cert]);
    },
  };
}

/** The same authority, for whoever looks after the devices. */
export function createCertify({ config, runtime }: Pick<Ground, "config" | "runtime">): PortalDeps["certify"] {
  return async (deviceId, options) => {
    const { openAuthority } = await import("./tls/index.ts");
    const authority = await openAuthority(join(config.dataDir, "tls"), runtime);
    return { ...(await authority.issueDevice(deviceId, options)), authority: authority.cert };
  };
}

/** What the listeners show, where it is the operator's (ours renews itself), and the authority of devices. */
export async function ownEndings({ tlsCert, dataDir }: Config) {
  const found = async (kind: "server-certificate" | "authority", path: string) => {
    try {
      const { subject, validToDate } = new X509Certificate(await readFile(path));
      return [{ kind, display: subject.replaceAll("\n", ", "), endsAt: validToDate.getTime() }];
    } catch {
      // There is none, or it is being replaced.
      return [];
    }
  };
  const own = tlsCert === "" ? [] : await found("server-certificate", tlsCert);
  return [...own, ...(await found("authority", join(dataDir, "tls", "ca.crt")))];
}

const CLAIMED_DAYS = 90;
/** A device that lost the new certificate asks with the old one again. */
const RENEWAL_OVERLAP_MS = 7 * 86_400_000;

/** The operator's own authorities, whose certificates devices may show; null where there are none. */
export async function openOperators({ config, runtime, log }: Pick<Ground, "config" | "runtime" | "log">) {
  if (config.deviceCa === "") return null;
  const { admitOperatorCertificates, openOperatorChain } = await import("./tls/index.ts");
  const files = { authorities: config.deviceCa, lists: config.deviceCrl === "" ? null : config.deviceCrl };
  const chain = await openOperatorChain({ files, runtime, log });
  return { chain, admit: <D extends Directory>(door: D) => admitOperatorCertificates(door, chain, log) };
}
