import type { ReactNode } from "react";
import classes from "./shell.module.css";

/** One line over everything else. */
export function Banner(props: {
  readonly kind: "demo" | "storage";
  readonly label: string;
  readonly children: ReactNode;
}) {
  return (
    <section className={classes.banner} data-kind={props.kind} aria-label={props.label}>
      <div className={classes.bannerText} role={props.kind === "storage" ? "alert" : undefined}>
        {props.children}
      </div>
    </section>
  );
}

export function DemoBanner() {
  return (
    <Banner kind="demo" label="Demo">
      <strong>DEMO</strong> Invented patients. Not for care.
    </Banner>
  );
}
