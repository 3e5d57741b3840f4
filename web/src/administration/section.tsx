import { Group } from "@mantine/core";
import type { ReactNode } from "react";
import { Card } from "../app/pages.tsx";

export function Section({
  title,
  action,
  children,
}: {
  readonly title: string;
  readonly action: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <>
      <Group justify="space-between" mb="xs" mt="md">
        <h2 style={{ margin: 0, fontSize: "1.15rem" }}>{title}</h2>
        {action}
      </Group>
      <Card>{children}</Card>
    </>
  );
}
