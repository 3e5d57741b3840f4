import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useAbout } from "../account/use-account.ts";
import { ask } from "../app/api.ts";
import { leaveFor } from "./leave.ts";

/** To the identity provider outside, where there is one. */
export function ExternalSignIn({ onError }: { readonly onError: (error: unknown) => void }) {
  const name = useAbout().data?.external;
  const begin = useMutation({
    mutationFn: () => ask("beginExternal"),
    onMutate: () => onError(null),
    onError,
    onSuccess: ({ url }) => leaveFor(url, "sign-in"),
  });
  if (!name) return null;
  return (
    <Button fullWidth variant="default" mb="sm" loading={begin.isPending} onClick={() => begin.mutate()}>
      Sign in with {name}
    </Button>
  );
}
