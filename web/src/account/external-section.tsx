import { Button, Group, Stack } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Section } from "../administration/section.tsx";
import { ask } from "../app/api.ts";
import { Failed, Loading } from "../app/pages.tsx";
import { Problem } from "../parts/problem.tsx";
import { leaveFor } from "../sign-in/leave.ts";
import { useAbout } from "./use-account.ts";

/** One's own account at the identity provider outside, where there is one. */
export function ExternalSection() {
  const name = useAbout().data?.external;
  return name ? <Linked name={name} /> : null;
}

function Linked({ name }: { readonly name: string }) {
  const queries = useQueryClient();
  const linked = useQuery({ queryKey: ["external"], queryFn: ({ signal }) => ask("externalIdentities", { signal }) });
  const link = useMutation({
    mutationFn: () => ask("linkExternal"),
    onSuccess: ({ url }) => leaveFor(url, "link"),
  });
  const remove = useMutation({
    mutationFn: (id: string) => ask("removeExternal", { params: { id } }),
    onSettled: () =>
      Promise.all(["external", "sessions", "session"].map((key) => queries.invalidateQueries({ queryKey: [key] }))),
  });
  return (
    <Section title={`Sign-in with ${name}`} action={null}>
      <Stack gap="sm" p="md">
        {linked.isPending ? (
          <Loading what="Loading" />
        ) : linked.isError ? (
          <Failed error={linked.error} retry={() => linked.refetch()} />
        ) : (
          <>
            <p style={{ margin: 0 }}>
              {linked.data.length === 0
                ? "Your account there opens nothing here until you link it."
                : "Your account there is linked."}
            </p>
            <Problem error={link.error ?? remove.error} />
            <Group justify="flex-end">
              {linked.data.map(({ id }) => (
                <Button key={id} variant="default" loading={remove.isPending} onClick={() => remove.mutate(id)}>
                  Unlink
                </Button>
              ))}
              <Button variant="default" loading={link.isPending} onClick={() => link.mutate()}>
                Link your account
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </Section>
  );
}
