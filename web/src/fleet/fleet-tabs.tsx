import { Link } from "@tanstack/react-router";
import { useMay } from "../app/hooks.ts";
import classes from "./fleet.module.css";
import { useUrgentEndings } from "./use-fleet.ts";

/** The pages about devices. */
export function FleetTabs() {
  const mayFleet = useMay("fleet");
  const urgent = useUrgentEndings(mayFleet);
  return (
    <nav className={classes.tabs} aria-label="About devices">
      <Link to="/devices" activeOptions={{ exact: true }}>
        Devices
      </Link>
      <Link to="/devices/completeness">Completeness</Link>
      {mayFleet && (
        <Link to="/devices/endings">Renewals {urgent > 0 && <b className={classes.badge}>{urgent} urgent</b>}</Link>
      )}
    </nav>
  );
}
