import { MantineProvider } from "@mantine/core";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { isWallPage } from "../kiosk/wall.ts";
import { ApiProblem, isSignedOut } from "./api.ts";
import { FailedScreen } from "./failed-screen.tsx";
import { Input } from "./input.tsx";
import { useLocked } from "./locked.ts";
import { styleNonce } from "./nonce.ts";
import { createAppRouter } from "./router.tsx";
import { theme } from "./theme.ts";

const queries = new QueryClient({
  queryCache: new QueryCache({
    onError(error, query) {
      // The session ended while a page was open: ask who is signed in, and the shell sends to the sign-in page.
      if (isSignedOut(error) && query.queryKey[0] !== "session")
        void queries.invalidateQueries({ queryKey: ["session"] });
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) =>
        failures < 2 && !(error instanceof ApiProblem && error.status >= 400 && error.status < 500),
    },
  },
});

const router = createAppRouter(queries);

const ProofDialog = lazy(() =>
  import("./proof-dialog.tsx").then(({ ProofDialog: component }) => ({ default: component })),
);

const LockScreen = lazy(() =>
  import("./lock-screen.tsx").then(({ LockScreen: component }) => ({ default: component })),
);

function Screen() {
  const isLocked = useLocked();
  return (
    <Suspense fallback={null}>
      {isLocked && !isWallPage() ? (
        <LockScreen />
      ) : (
        <>
          <RouterProvider router={router} />
          <Input />
          <ProofDialog />
        </>
      )}
    </Suspense>
  );
}

export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={styleNonce}>
      <FailedScreen>
        <QueryClientProvider client={queries}>
          <Screen />
        </QueryClientProvider>
      </FailedScreen>
    </MantineProvider>
  );
}
