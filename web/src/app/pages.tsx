import { Button, Loader } from "@mantine/core";
import { IconMoodEmpty, IconPlugConnectedX } from "@tabler/icons-react";
import { Link, useRouter } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { ApiProblem, problemText } from "./api.ts";
import { monitor } from "./monitor.ts";
import classes from "./pages.module.css";

/** The frame of every page that is not a wall: a heading, what can be done, and the rest. */
export function Page(props: {
  readonly title: string;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  readonly narrow?: boolean;
}) {
  return (
    <div className={classes.page} data-narrow={props.narrow || undefined}>
      <header className={classes.head}>
        <h1 className={classes.title}>{props.title}</h1>
        <div className={classes.actions}>{props.actions}</div>
      </header>
      {props.children}
    </div>
  );
}

export function Card(props: { readonly children: ReactNode; readonly padded?: boolean; readonly label?: string }) {
  return (
    <section className={classes.card} data-padded={props.padded || undefined} aria-label={props.label}>
      {props.children}
    </section>
  );
}

export function Empty(props: { readonly title: string; readonly children?: ReactNode; readonly icon?: ReactNode }) {
  return (
    <div className={classes.empty}>
      <span className={classes.emptyIcon} aria-hidden>
        {props.icon ?? <IconMoodEmpty size={40} stroke={1.3} />}
      </span>
      <h2>{props.title}</h2>
      {props.children}
    </div>
  );
}

export function Failed(props: { readonly error: unknown; readonly retry?: (() => void) | undefined }) {
  return (
    <div className={classes.empty} role="alert">
      <span className={classes.emptyIcon} aria-hidden>
        <IconPlugConnectedX size={40} stroke={1.3} />
      </span>
      <h2>This could not be shown</h2>
      <p>{problemText(props.error)}</p>
      {props.retry && (
        <Button variant="default" onClick={props.retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

export function Loading({ what = "Loading" }: { readonly what?: string }) {
  return (
    <div className={classes.empty} role="status" aria-label={what}>
      <Loader size="sm" />
    </div>
  );
}

export function LoadingPage() {
  return <Loading />;
}

export function NotFoundPage() {
  return (
    <Empty title="There is no such page">
      <Link to="/">To the ward</Link>
    </Empty>
  );
}

/** A part of the program that could not be loaded is not a screen that failed: what watches goes on. */
const isNotLoaded = (error: unknown): boolean => error instanceof TypeError && /import|module/i.test(error.message);

/** A page that cannot be drawn: said as NOT MONITORING where it would have watched. */
export function FailedPage({ error }: { readonly error: unknown }) {
  const router = useRouter();
  useEffect(() => {
    if (monitor.ward.state().phase === "idle" || error instanceof ApiProblem || isNotLoaded(error)) return;
    console.error(error);
    monitor.watchdog.fail("This page has failed. Look after the patients directly, and load the page again.");
  }, [error]);
  return <Failed error={error} retry={() => router.invalidate()} />;
}
