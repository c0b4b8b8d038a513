/** The tunnel: how it is, which one is wanted, what went through it, and what became of it lately. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { tunnelQuery } from "../../../api/queries";
import { Contained } from "../../../shared/ui/Contained";
import { Failed, LoadingRows } from "../../../shared/ui/States";
import classes from "../Settings.module.css";
import { SettingsNav } from "../SettingsNav";
import { StatesLegend } from "./StatesLegend";
import { TunnelForm } from "./TunnelForm";
import { TunnelStatusCard } from "./TunnelStatusCard";
import { TunnelTimeline } from "./TunnelTimeline";
import { TunnelUsageBars } from "./TunnelUsageBars";

export function TunnelPage() {
  return (
    <div className={classes.page}>
      <SettingsNav />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reached by keyboard */}
      <section className={classes.scroll} aria-label="Tunnel settings" tabIndex={0}>
        <Contained what="tunnel">
          <Content />
        </Contained>
      </section>
    </div>
  );
}

function Content() {
  const { data: tunnel, error, isPending, refetch } = useQuery(tunnelQuery);
  if (isPending) return <LoadingRows rows={10} />;
  if (!tunnel) {
    return <Failed title="The tunnel could not be read" error={error} onRetry={() => void refetch()} />;
  }
  const { status, settings, history } = tunnel;
  return (
    <>
      <Section id="tunnel-status" label="How it is">
        <TunnelStatusCard status={status} settings={settings} />
      </Section>
      <Section id="tunnel-choice" label="Which tunnel">
        <TunnelForm tunnel={tunnel} />
      </Section>
      {status.usage && (
        <Section id="tunnel-usage" label="Used this month">
          <TunnelUsageBars usage={status.usage} />
        </Section>
      )}
      <Section id="tunnel-history" label="What happened lately">
        <TunnelTimeline history={history} />
      </Section>
      <Section id="tunnel-states" label="What the states mean">
        <StatesLegend />
      </Section>
    </>
  );
}

function Section({ id, label, children }: { id: string; label: string; children: ReactNode }) {
  return (
    <section className={classes.section} aria-labelledby={`${id}-heading`}>
      <h2 id={`${id}-heading`} className={classes.heading}>
        {label}
      </h2>
      {children}
    </section>
  );
}
