import { Alert, Button, Loader } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { ApiProblem, ask, problemText } from "../app/api.ts";
import { sessionQuery, useTitle } from "../app/hooks.ts";
import { monitor } from "../app/monitor.ts";
import { type Errand, takeErrand } from "./leave.ts";
import classes from "./sign-in.module.css";

let taken: { readonly answer: string; readonly errand: Errand } | undefined;
let posted: Promise<unknown> | undefined;

/** The answer leaves the address bar at once and is posted once, however often this page is drawn. */
function takeAnswer() {
  if (location.search !== "") {
    taken = { answer: location.search.slice(1), errand: takeErrand() };
    posted = undefined;
    history.replaceState(history.state, "", location.pathname);
  }
  return taken;
}

/** Where the identity provider sends the browser back to. */
export function ExternalPage() {
  useTitle("Sign in");
  const [given] = useState(takeAnswer);
  const [error, setError] = useState<unknown>(null);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const isLink = given?.errand === "link";
  const isRefused = !isLink && error instanceof ApiProblem && error.code === "SIGN_IN_REFUSED";
  useEffect(() => {
    if (!given) return void navigate({ to: "/sign-in", replace: true });
    const body = { answer: given.answer };
    posted ??=
      given.errand === "link"
        ? ask("linkedExternal", { body })
        : ask("signInExternal", { body }).then((session) => {
            monitor.observe(session.serverTime);
            queries.clear();
            queries.setQueryData(sessionQuery.queryKey, session);
          });
    posted.then(() => navigate({ to: given.errand === "link" ? "/account" : "/", replace: true }), setError);
  }, [given, queries, navigate]);
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <h1>Openward</h1>
        {error ? (
          <>
            <Alert color="red" variant="light" role="alert" title={isLink ? "It was not linked" : "Signing in failed"}>
              {isRefused
                ? "This account opens nothing here. Sign in with a link first, and link it under Passkeys and sign-in."
                : problemText(error)}
            </Alert>
            <Button
              mt="md"
              fullWidth
              variant="default"
              onClick={() => void navigate({ to: isLink ? "/account" : "/sign-in" })}
            >
              Back
            </Button>
          </>
        ) : (
          <p role="status">
            <Loader size="xs" mr="xs" /> {isLink ? "Linking" : "Signing in"}…
          </p>
        )}
      </div>
    </main>
  );
}
