import { Alert, Button, Loader } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { authenticatorText, signInWithPasskey, useAbout } from "../account/use-account.ts";
import { ApiProblem, ask, problemText } from "../app/api.ts";
import { DemoBanner } from "../app/banner.tsx";
import { sessionQuery, useTitle } from "../app/hooks.ts";
import { monitor } from "../app/monitor.ts";
import { CodeSignIn } from "./code-sign-in.tsx";
import { ExternalSignIn } from "./external-sign-in.tsx";
import classes from "./sign-in.module.css";

/**
 * The token is in the fragment, which browsers do not send: a previewer that fetches the link does not use it up.
 * It leaves the address bar at once and is posted once, however often this page is drawn.
 */
let posted: Promise<void> | undefined;
let token: string | null = null;

function takeToken(): string | null {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (found) {
    token = found;
    posted = undefined;
    history.replaceState(history.state, "", location.pathname);
  }
  return token;
}

export function SignInPage() {
  useTitle("Sign in");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [link] = useState(takeToken);
  const [error, setError] = useState<unknown>(null);
  const about = useAbout().data;

  useEffect(() => {
    // A second link, pasted while this page is open, changes the fragment only.
    const again = () => location.reload();
    addEventListener("hashchange", again);
    return () => removeEventListener("hashchange", again);
  }, []);

  useEffect(() => {
    if (!link) return;
    posted ??= ask("signIn", { body: { token: link } }).then((session) => {
      token = null;
      monitor.observe(session.serverTime);
      queries.clear();
      queries.setQueryData(sessionQuery.queryKey, session);
    });
    posted.then(() => navigate({ to: "/", replace: true }), setError);
  }, [link, queries, navigate]);

  return (
    <>
      {about?.isDemo && <DemoBanner />}
      <main className={classes.page}>
        <div className={classes.card}>
          <svg viewBox="0 0 32 32" width="52" height="52" aria-hidden="true">
            <rect width="32" height="32" rx="8" fill="#0b6e7f" />
            <path
              d="M4 17h6l2.2-5 4.2 12L20.6 8l2.4 9H28"
              fill="none"
              stroke="#fff"
              strokeWidth="2.6"
              strokeLinecap="round"
              strokeLinejoin="round"
            />
          </svg>
          <h1>Openward</h1>
          {link && !error ? (
            <p role="status">
              <Loader size="xs" mr="xs" /> Signing in…
            </p>
          ) : (
            <>
              {error ? <SignInFailed error={error} /> : null}
              <h2>You are signed out</h2>
              <PasskeySignIn onError={setError} />
              <ExternalSignIn onError={setError} />
              <CodeSignIn onError={setError} />
              <p>Without any of these you sign in with a link that works once:</p>
              <ul>
                <li>An administrator makes one for you under Administration, People.</li>
                <li>The first one is printed where the server was started, in the lines after its address.</li>
              </ul>
            </>
          )}
        </div>
      </main>
    </>
  );
}

function PasskeySignIn({ onError }: { readonly onError: (error: unknown) => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const at = useAbout().data?.passkeysAt;
  const [isAsking, setAsking] = useState(false);
  if (!at) return null;
  if (at !== location.origin)
    return (
      <p>
        Passkeys work at <a href={`${at}/sign-in`}>{at}</a>.
      </p>
    );
  const signIn = async () => {
    setAsking(true);
    onError(null);
    try {
      const session = await signInWithPasskey();
      monitor.observe(session.serverTime);
      queries.clear();
      queries.setQueryData(sessionQuery.queryKey, session);
      await navigate({ to: "/", replace: true });
    } catch (error) {
      onError(error);
    } finally {
      setAsking(false);
    }
  };
  return (
    <Button
      fullWidth
      size="md"
      my="sm"
      leftSection={<IconFingerprint size={20} />}
      loading={isAsking}
      onClick={() => void signIn()}
    >
      Sign in with a passkey
    </Button>
  );
}

function SignInFailed({ error }: { readonly error: unknown }) {
  const isUsed = error instanceof ApiProblem && error.code === "LINK_EXPIRED";
  return (
    <Alert
      color="red"
      variant="light"
      title={isUsed ? "This link no longer works" : "Signing in failed"}
      role="alert"
      mb="md"
    >
      {isUsed
        ? "It has been used or has expired. Ask for a new one."
        : (authenticatorText(error) ?? problemText(error))}
    </Alert>
  );
}
