import { setNonce } from "get-nonce";

/** The nonce of this page's answer: style elements count with it only. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>("meta[property=csp-nonce]")?.nonce ?? "";
}

// What keeps the page still behind a dialog (react-remove-scroll) asks here.
setNonce(styleNonce());
