import type { Session } from "@openward/api";
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { isSignedOut } from "./api.ts";
import { sessionQuery, wardsQuery } from "./hooks.ts";
import { FailedPage, LoadingPage, NotFoundPage } from "./pages.tsx";
import { may } from "./permissions.ts";
import { rememberedWard } from "./remembered.ts";
import { Shell } from "./shell.tsx";

interface Context {
  readonly queries: QueryClient;
}

const root = createRootRouteWithContext<Context>()({ notFoundComponent: NotFoundPage });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  component: lazyRouteComponent(() => import("../sign-in/sign-in-page.tsx"), "SignInPage"),
});

/** An identity provider outside sends the browser back here. */
const external = createRoute({
  getParentRoute: () => root,
  path: "/sign-in/external",
  component: lazyRouteComponent(() => import("../sign-in/external-page.tsx"), "ExternalPage"),
});

/** Where the label of a device that waits to be connected leads a telephone; nobody is signed in. */
const claim = createRoute({
  getParentRoute: () => root,
  path: "/ingest/claim",
  component: lazyRouteComponent(() => import("../claim/claim-page.tsx"), "ClaimPage"),
});

/** A screen on a wall, where nobody is signed in. */
const kiosk = createRoute({
  getParentRoute: () => root,
  path: "/kiosk",
  component: lazyRouteComponent(() => import("../kiosk/kiosk-page.tsx"), "KioskPage"),
});

async function signedIn({ queries }: Context): Promise<Session> {
  try {
    return await queries.ensureQueryData(sessionQuery);
  } catch (error) {
    if (isSignedOut(error)) throw redirect({ to: "/sign-in" });
    throw error;
  }
}

/** The ward's own screens. */
const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: Shell,
  beforeLoad: async ({ context }) => {
    const { principal } = await signedIn(context);
    if (!may(principal.role, "ward")) throw redirect({ to: "/mine" });
  },
});

/** The pages of whoever does not work on the ward: the patient's own, first of all. */
const own = createRoute({
  getParentRoute: () => root,
  path: "/mine",
  component: lazyRouteComponent(() => import("../patient-portal/own-shell.tsx"), "OwnShell"),
  beforeLoad: ({ context }) => signedIn(context),
});
const ownPage = <Path extends string>(
  path: Path,
  name: "DevicesPage" | "LookedPage" | "ConsentPage" | "PeoplePage" | "EmergenciesPage",
) =>
  createRoute({
    getParentRoute: () => own,
    path,
    component: lazyRouteComponent(() => import("../patient-portal/pages.tsx"), name),
  });
const ownHome = createRoute({
  getParentRoute: () => own,
  path: "/",
  component: lazyRouteComponent(() => import("../patient-portal/home-page.tsx"), "HomePage"),
});

const ownMeasure = createRoute({
  getParentRoute: () => own,
  path: "measure",
  component: lazyRouteComponent(() => import("../patient-portal/measure/measure-page.tsx"), "MeasurePage"),
});

const home = createRoute({
  getParentRoute: () => shell,
  path: "/",
  beforeLoad: async ({ context }) => {
    const wards = await context.queries.ensureQueryData(wardsQuery);
    const ward = wards.find((w) => w.id === rememberedWard()) ?? wards[0];
    if (ward) throw redirect({ to: "/ward/$wardId", params: { wardId: ward.id } });
    throw redirect({ to: "/patients" });
  },
});

const ward = createRoute({
  getParentRoute: () => shell,
  path: "/ward/$wardId",
  component: lazyRouteComponent(() => import("../ward/ward-page.tsx"), "WardPage"),
});

const patients = createRoute({
  getParentRoute: () => shell,
  path: "/patients",
  component: lazyRouteComponent(() => import("../patients/patients-page.tsx"), "PatientsPage"),
});

export const chartTabs = ["live", "trends", "readings", "waveforms", "alarms", "limits", "devices", "access"] as const;
export type ChartTab = (typeof chartTabs)[number];

const chart = createRoute({
  getParentRoute: () => shell,
  path: "/patients/$patientId",
  validateSearch: (search: Record<string, unknown>): { tab?: ChartTab; at?: number } => ({
    ...(chartTabs.includes(search.tab as ChartTab) ? { tab: search.tab as ChartTab } : {}),
    ...(Number.isFinite(Number(search.at)) && search.at !== undefined ? { at: Number(search.at) } : {}),
  }),
  component: lazyRouteComponent(() => import("../chart/chart-page.tsx"), "ChartPage"),
});

const devices = createRoute({
  getParentRoute: () => shell,
  path: "/devices",
  component: lazyRouteComponent(() => import("../devices/devices-page.tsx"), "DevicesPage"),
});

const completeness = createRoute({
  getParentRoute: () => shell,
  path: "/devices/completeness",
  component: lazyRouteComponent(() => import("../fleet/completeness-page.tsx"), "CompletenessPage"),
});

const endings = createRoute({
  getParentRoute: () => shell,
  path: "/devices/endings",
  component: lazyRouteComponent(() => import("../fleet/endings-page.tsx"), "EndingsPage"),
});

const quarantine = createRoute({
  getParentRoute: () => shell,
  path: "/quarantine",
  component: lazyRouteComponent(() => import("../quarantine/quarantine-page.tsx"), "QuarantinePage"),
});

const administration = createRoute({
  getParentRoute: () => shell,
  path: "/administration",
  component: lazyRouteComponent(() => import("../administration/administration-page.tsx"), "AdministrationPage"),
});

const privacyPage = () => import("../privacy/privacy-page.tsx");
const privacy = createRoute({
  getParentRoute: () => shell,
  path: "/privacy",
  component: lazyRouteComponent(privacyPage, "PrivacyPage"),
});
const ownPrivacy = createRoute({
  getParentRoute: () => own,
  path: "privacy",
  component: lazyRouteComponent(privacyPage, "PrivacyPage"),
});

const accountPage = () => import("../account/account-page.tsx");
const account = createRoute({
  getParentRoute: () => shell,
  path: "/account",
  component: lazyRouteComponent(accountPage, "AccountPage"),
});
const ownAccount = createRoute({
  getParentRoute: () => own,
  path: "account",
  component: lazyRouteComponent(accountPage, "AccountPage"),
});

const tree = root.addChildren([
  signIn,
  external,
  kiosk,
  claim,
  own.addChildren([
    ownHome,
    ownMeasure,
    ownAccount,
    ownPrivacy,
    ownPage("devices", "DevicesPage"),
    ownPage("looked", "LookedPage"),
    ownPage("consent", "ConsentPage"),
    ownPage("people", "PeoplePage"),
    ownPage("emergencies", "EmergenciesPage"),
  ]),
  shell.addChildren([
    home,
    ward,
    patients,
    chart,
    devices,
    completeness,
    endings,
    quarantine,
    administration,
    privacy,
    account,
  ]),
]);

export function createAppRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    defaultPendingComponent: LoadingPage,
    defaultErrorComponent: FailedPage,
    defaultPreload: "intent",
    scrollRestoration: true,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
