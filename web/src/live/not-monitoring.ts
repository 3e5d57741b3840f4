/**
 * The notice that nothing on this screen may be relied on. It is plain DOM outside the application's tree, shown and
 * hidden by the watchdog, so that it works when the application has failed.
 */
export function createNotMonitoring(document: Document): { show(detail: string): void; hide(): void } {
  const element = document.getElementById("not-monitoring");
  const title = document.createElement("strong");
  const text = document.createElement("span");
  title.textContent = "NOT MONITORING";
  let isShown = false;
  return {
    show(detail) {
      document.documentElement.dataset.monitoring = "lost";
      if (!element) return;
      if (!isShown) element.replaceChildren(title, text);
      if (text.textContent !== detail) text.textContent = detail;
      element.hidden = false;
      isShown = true;
    },
    hide() {
      delete document.documentElement.dataset.monitoring;
      if (!element || !isShown) return;
      element.hidden = true;
      element.replaceChildren();
      isShown = false;
    },
  };
}
