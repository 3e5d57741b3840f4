import { type GatewayBody, gatewayReport, gatewaySettings } from "@openward/api";
import { RefusedInput } from "@openward/errors";
import type { Handlers } from "./call.ts";
import type { Names } from "./names.ts";
import type { Devices, Gateways } from "./ports.ts";

/** What a gateway works by, and how it says it is. */
export function gatewayHandlers({
  devices,
  gateways,
  names,
}: {
  devices: Pick<Devices, "find">;
  gateways: Gateways;
  names: Names;
}): Pick<Handlers, "gateway" | "configureGateway"> {
  async function bodyOf(organisationId: string, deviceId: string): Promise<GatewayBody> {
    const [set, report, configuration] = await Promise.all([
      gateways.settingsOf(organisationId, deviceId),
      gateways.reportOf(organisationId, deviceId),
      gateways.configuration({ deviceId, organisationId }),
    ]);
    await names.learn([set?.setBy ?? null]);
    // A report of another version of the program may have another form: then there is none that can be shown.
    const told = report && gatewayReport.safeParse(report.detail);
    return {
      settings: gatewaySettings.parse(set?.settings ?? {}),
      revision: set?.revision ?? 0,
      setAt: set?.setAt ?? null,
      setBy: names.ofMaybe(set?.setBy ?? null),
      configuration: configuration.version,
      report: report && told?.success ? { ...told.data, receivedAt: report.receivedAt } : null,
    };
  }

  return {
    async gateway({ params: { deviceId }, signedIn: { principal, organisation } }) {
      if (!(await devices.find(principal, deviceId))) throw new RefusedInput("NOT_FOUND", { at: "deviceId" });
      return bodyOf(organisation.id, deviceId);
    },

    async configureGateway({ params: { deviceId }, signedIn: { principal, organisation }, body }) {
      if (!(await devices.find(principal, deviceId))) throw new RefusedInput("NOT_FOUND", { at: "deviceId" });
      const { seen, ...settings } = body;
      await gateways.configure(organisation.id, deviceId, settings, seen, principal.id);
      return bodyOf(organisation.id, deviceId);
    },
  };
}
