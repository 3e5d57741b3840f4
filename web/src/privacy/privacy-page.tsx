import { Tabs } from "@mantine/core";
import { IconEyeOff, IconGavel, IconListSearch, IconShare, IconUsers } from "@tabler/icons-react";
import { useState } from "react";
import { useMay, useSession, useTitle } from "../app/hooks.ts";
import { Empty, Page } from "../app/pages.tsx";
import { BreachSection } from "./breach-section.tsx";
import { HoldsSection } from "./holds-section.tsx";
import { LogSection } from "./log-section.tsx";
import { DisclosuresSection, HiddenSection } from "./patient-section.tsx";

/** What a privacy officer works with; an administrator reads the log and the holds. */
export function PrivacyPage() {
  useTitle("Privacy");
  const isOfficer = useSession().principal.role === "privacy-officer";
  const [tab, setTab] = useState<string | null>("log");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!useMay("identities")) return <Empty title="Only privacy officers and administrators look at these" />;
  return (
    <Page title="Privacy">
      <Tabs value={tab} onChange={setTab} keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="log" leftSection={<IconListSearch size={18} aria-hidden />}>
            Audit log
          </Tabs.Tab>
          <Tabs.Tab value="holds" leftSection={<IconGavel size={18} aria-hidden />}>
            Legal holds
          </Tabs.Tab>
          {isOfficer && (
            <>
              <Tabs.Tab value="disclosures" leftSection={<IconShare size={18} aria-hidden />}>
                Disclosures
              </Tabs.Tab>
              <Tabs.Tab value="affected" leftSection={<IconUsers size={18} aria-hidden />}>
                Who was affected
              </Tabs.Tab>
              <Tabs.Tab value="hidden" leftSection={<IconEyeOff size={18} aria-hidden />}>
                What is hidden
              </Tabs.Tab>
            </>
          )}
        </Tabs.List>
        <Tabs.Panel value="log">
          <LogSection zone={zone} />
        </Tabs.Panel>
        <Tabs.Panel value="holds">
          <HoldsSection zone={zone} mayChange={isOfficer} />
        </Tabs.Panel>
        <Tabs.Panel value="disclosures">
          <DisclosuresSection zone={zone} />
        </Tabs.Panel>
        <Tabs.Panel value="affected">
          <BreachSection zone={zone} />
        </Tabs.Panel>
        <Tabs.Panel value="hidden">
          <HiddenSection zone={zone} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
