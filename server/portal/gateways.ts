import {
  changedGatewaySettings,
  type GatewayBody,
  type GatewaySettings,
  gatewayFaults,
  gatewayRefusal,
  gatewayReport,
  gatewaySettings,
} from "@openward/api";
import { RefusedInput } from "@openward/errors";
import type { Handlers } from "./call.ts";
import type { Names } from "./names.ts";
import type { Devices, Gateways } from "./ports/index.ts";

/** What a gateway works by, and how it says it is. */
export function gatewayHandlers({
  devices,
  gateways,
  names,
}: {
  devices: Pick<Devices, "find" | "inCharge">;
  gateways: Gateways;
  names: Names;
}): Pick<Handlers, "gateway" | "configureGateway" | "restoreGateway"> {
  async function bodyOf(organisationId: string, deviceId: string): Promise<GatewayBody> {
    const [versions, report, configuration, inCharge] = await Promise.all([
      gateways.versionsOf(organisationId, deviceId),
      gateways.reportOf(organisationId, deviceId),
      gateways.configuration({ deviceId, organisationId }),
      devices.inCharge(organisationId, deviceId),
    ]);
    const [set] = versions;
    await names.learn(versions.map(({ setBy }) => setBy));
    // A report of another version of the program may have another form: then there is none that can be shown.
    const told = report && gatewayReport.safeParse(report.detail);
    return {
      settings: gatewaySettings.parse(set?.settings ?? {}),
      revision: set?.revision ?? 0,
      setAt: set?.setAt ?? null,
      setBy: names.ofMaybe(set?.setBy ?? null),
      configuration: configuration.version,
      inCharge: [...inCharge].sort(),
      versions: versions.map(({ settings, setBy, refused, ...version }) => ({
        ...version,
        settings: gatewaySettings.parse(settings),
        setBy: names.of(setBy),
        refused: gatewayRefusal.array().catch([]).parse(refused),
      })),
      report: report && told?.success ? { ...told.data, receivedAt: report.receivedAt } : null,
    };
  }

  /** @throws RefusedInput FIELD_INVALID before anything is kept: a gateway could not work by it */
  async function configure(
    [organisationId, deviceId]: [string, string],
    settings: GatewaySettings,
    seen: number,
    by: string,
    restores?: number,
  ): Promise<GatewayBody> {
    const [fault] = gatewayFaults(settings, await devices.inCharge(organisationId, deviceId));
    if (fault) throw new RefusedInput("FIELD_INVALID", fault);
    const before = gatewaySettings.parse((await gateways.settingsOf(organisationId, deviceId))?.settings ?? {});
    const changed = changedGatewaySettings(before, settings);
    const change = restores === undefined ? { changed } : { changed, restores };
    await gateways.configure(organisationId, deviceId, settings, seen, by, change);
    return bodyOf(organisationId, deviceId);
  }

  return {
    async gateway({ params: { deviceId }, signedIn: { principal, organisation } }) {
      if (!(await devices.find(principal, deviceId))) throw new RefusedInput("NOT_FOUND", { at: "deviceId" });
      return bodyOf(organisation.id, deviceId);
    },

    async configureGateway({ params: { deviceId }, signedIn: { principal, organisation }, body }) {
      if (!(await devices.find(principal, deviceId))) throw new RefusedInput("NOT_FOUND", { at: "deviceId" });
      const { seen, ...settings } = body;
      return configure([organisation.id, deviceId], settings, seen, principal.id);
    },

    async restoreGateway({ params: { deviceId }, signedIn: { principal, organisation }, body: { revision, seen } }) {
      if (!(await devices.find(principal, deviceId))) throw new RefusedInput("NOT_FOUND", { at: "deviceId" });
      const version = revision === 0 ? { settings: {} } : await gateways.versionOf(organisation.id, deviceId, revision);
      if (!version) throw new RefusedInput("NOT_FOUND", { at: "revision" });
      const settings = gatewaySettings.parse(version.settings);
      return configure([organisation.id, deviceId], settings, seen, principal.id, revision);
    },
  };
}
