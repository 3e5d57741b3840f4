import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { monitor } from "./monitor.ts";

/** When drawing fails, the screen says NOT MONITORING, in picture and sound, rather than stand still. */
export class FailedScreen extends Component<{ readonly children: ReactNode }, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override componentDidCatch(error: unknown) {
    console.error(error);
    monitor.watchdog.fail("This page has failed. Look after the patients directly, and load the page again.");
  }

  override render() {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <main style={{ padding: "3rem", textAlign: "center" }}>
        <Button size="lg" onClick={() => location.reload()}>
          Load the page again
        </Button>
      </main>
    );
  }
}
