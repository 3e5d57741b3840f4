import type { KioskBody, KioskCodeBody, WallBody } from "@openward/api";
import type { Kiosk } from "@openward/model";
import type { Clock } from "@openward/runtime";
import type { Handlers } from "./call.ts";
import type { Access, Authenticated, KioskCode, Wards } from "./ports/index.ts";

type KioskRoutes = "kiosks" | "addKiosk" | "newKioskCode" | "endKiosk" | "enrolKiosk" | "kiosk";

/** Screens on walls: for who manages them, and for the screen itself. */
export function kioskHandlers(deps: {
  access: Pick<Access, "kiosks">;
  wards: Pick<Wards, "list">;
  clock: Clock;
  /** The page that takes a code: "https://ward.example/kiosk#code=...". */
  kioskLink: (code: string) => string;
}): Pick<Handlers, KioskRoutes> {
  const { kiosks } = deps.access;

  async function codeBody({ kiosk, code, codeUntil }: KioskCode): Promise<KioskCodeBody> {
    const link = deps.kioskLink(code);
    const { default: qrcode } = await import("qrcode");
    const picture = await qrcode.toString(link, { type: "svg", margin: 1 });
    return {
      kiosk: kioskBody(kiosk),
      code,
      link,
      picture: `data:image/svg+xml;base64,${Buffer.from(picture).toString("base64")}`,
      codeUntil,
    };
  }

  async function wallBody({ principal, organisation, kiosk }: Authenticated): Promise<WallBody> {
    if (!kiosk) throw new Error("only a screen on a wall comes this way");
    const ward = (await deps.wards.list(organisation.id)).find(({ id }) => id === kiosk.wardId);
    if (!ward) throw new Error("a screen hangs on a ward");
    return {
      id: principal.id,
      name: principal.display,
      organisation: { id: organisation.id, name: organisation.name, isDemo: organisation.isDemo },
      ward: { id: ward.id, name: ward.name, timeZone: ward.timeZone },
      shows: kiosk.shows,
      takesBadges: kiosk.takesBadges,
      serverTime: deps.clock.now(),
    };
  }

  return {
    async kiosks({ signedIn }) {
      return (await kiosks.list(signedIn.organisation.id)).map(kioskBody);
    },
    async addKiosk({ signedIn, body }) {
      return codeBody(await kiosks.add(signedIn.organisation.id, body, signedIn.principal.id));
    },
    async newKioskCode({ signedIn, params }) {
      return codeBody(await kiosks.newCode(signedIn.organisation.id, params.id, signedIn.principal.id));
    },
    async endKiosk({ signedIn, params }) {
      await kiosks.end(signedIn.organisation.id, params.id, signedIn.principal.id);
      return null;
    },
    async enrolKiosk({ body, userAgent, setCookie }) {
      const { authenticated, cookie } = await kiosks.enrol(body.code, userAgent);
      setCookie(cookie);
      return wallBody(authenticated);
    },
    async kiosk({ signedIn, cookie, setCookie }) {
      const renewed = await kiosks.renew(signedIn, cookie);
      if (renewed) setCookie(renewed.cookie);
      return wallBody(signedIn);
    },
  };
}

function kioskBody(kiosk: Kiosk): KioskBody {
  const { organisationId: _, createdBy: __, endedAt: ___, ...body } = kiosk;
  return body;
}
