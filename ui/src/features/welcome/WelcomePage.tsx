/** The first screen: three ways to see an event, and what Hookline does with it. */
import { Alert, Button, Progress, Text, Title } from "@mantine/core";
import { IconFlask, IconPlugConnected, IconRefresh } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { describeError } from "../../api/client";
import { keys } from "../../api/keys";
import { statusQuery } from "../../api/queries";
import { ProviderMark } from "../../shared/provider/ProviderMark";
import { toastSuccess } from "../../shared/state/toasts";
import { Mark } from "../../shared/ui/Mark";
import { Page } from "../../shared/ui/Page";
import { ProviderPicker } from "./ProviderPicker";
import { runSample, SAMPLE_TYPES, type SampleProgress } from "./sample";
import classes from "./Welcome.module.css";

export function WelcomePage() {
  const navigate = useNavigate();
  const [picking, setPicking] = useState(false);
  const connect = (provider: string) => void navigate({ to: "/transfers/new", search: { provider } });
  return (
    <Page>
      <div className={classes.page}>
        <div>
          <Mark size={40} />
          <Title order={2} fz="xl" mt={8}>
            Webhooks, received and kept on your machine
          </Title>
          <Text c="dimmed" maw={640}>
            Hookline receives what providers send, shows every event, and keeps a copy of each object in your
            database. See one arrive now.
          </Text>
        </div>
        <div className={classes.choices}>
          <SampleChoice />
          <Choice
            icon={<ProviderMark kind="stripe" label="Stripe" />}
            title="Connect Stripe"
            action={
              <Button variant="default" onClick={() => connect("stripe")}>
                Connect Stripe
              </Button>
            }
          >
            You get a URL to paste into Stripe's Dashboard. Customers, invoices and payments become documents
            as they change.
          </Choice>
          <Choice
            icon={<IconPlugConnected size={24} />}
            title="Connect Close or another"
            action={
              <Button variant="default" onClick={() => setPicking(true)}>
                Choose a provider
              </Button>
            }
          >
            Close, GitHub, Shopify, Slack and more; or any sender that signs its webhooks.
          </Choice>
        </div>
        <Facts />
      </div>
      <ProviderPicker opened={picking} onClose={() => setPicking(false)} onChoose={connect} />
    </Page>
  );
}

interface ChoiceProps {
  icon: ReactNode;
  title: string;
  children: ReactNode;
  action: ReactNode;
  first?: boolean;
}

function Choice({ icon, title, children, action, first }: ChoiceProps) {
  return (
    <section className={classes.choice} data-first={first || undefined} aria-label={title}>
      <div className={classes.icon}>{icon}</div>
      <Title order={3} fz="lg">
        {title}
      </Title>
      <Text size="sm" component="div">
        {children}
      </Text>
      <div>{action}</div>
    </section>
  );
}

/** Needs no account: makes a job and sends signed samples to it. */
function SampleChoice() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [progress, setProgress] = useState<SampleProgress | null>(null);
  const sample = useMutation({
    mutationFn: () => runSample(setProgress),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.jobs }),
    onSettled: () => client.invalidateQueries(),
  });
  // Who has gone elsewhere meanwhile is not taken away from there.
  const send = () =>
    sample.mutate(undefined, {
      onSuccess: ({ jobId, firstEventId }) => {
        toastSuccess(
          `${SAMPLE_TYPES.length} sample webhooks arrived`,
          "Each was signed, checked, stored and written as a document. The first one is open; its tabs show all of it.",
        );
        void navigate({
          to: "/events",
          search: { job: jobId, ...(firstEventId ? { open: `${jobId}/${firstEventId}` } : {}) },
        });
      },
    });
  const problem = sample.isError ? describeError(sample.error) : null;
  return (
    <Choice
      first
      icon={<IconFlask size={24} />}
      title="Try with sample events"
      action={
        sample.isPending || sample.isSuccess ? (
          <SendingProgress progress={progress} />
        ) : (
          <Button leftSection={problem ? <IconRefresh size={14} /> : undefined} onClick={send}>
            {problem ? "Try again" : `Send ${SAMPLE_TYPES.length} sample events`}
          </Button>
        )
      }
    >
      No account needed. Webhooks as Stripe sends them, signed, go through everything and become documents on
      this machine.
      {problem && (
        <Alert color="red" variant="light" mt="xs" p="xs" role="alert">
          {problem.message} {problem.hint}
        </Alert>
      )}
    </Choice>
  );
}

function SendingProgress({ progress }: { progress: SampleProgress | null }) {
  const sending = progress?.step === "sending" ? progress : null;
  const share = sending ? ((sending.index + 1) / sending.count) * 100 : 0;
  return (
    <div>
      <Progress value={share} size="sm" aria-label="Sample events sent" transitionDuration={100} />
      <Text size="xs" mt={4} role="status">
        {sending
          ? `Sending ${sending.index + 1} of ${sending.count}: ${sending.type}`
          : "Preparing a sync job…"}
      </Text>
    </div>
  );
}

function Facts() {
  const { data: status } = useQuery(statusQuery);
  return (
    <div className={classes.facts}>
      <Fact title="Nothing is lost">
        A webhook is answered only when it is safely on the disk. When a destination is down, events wait for
        it.
        {status && (
          <>
            {" "}
            All of it lies in <span className={classes.path}>{status.storage.path}</span>.
          </>
        )}
      </Fact>
      <Fact title="Signatures are checked">
        What is not signed rightly is refused, and kept aside with the reason so that you can see why. Secrets
        lie apart from the data{status ? ` (${status.storage.secrets})` : ""}.
      </Fact>
      <Fact title="The newest state wins">
        Providers send in any order, and twice. An older event never overwrites a newer one.
      </Fact>
    </div>
  );
}

function Fact({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <Title order={3}>{title}</Title>
      <Text size="sm" c="dimmed">
        {children}
      </Text>
    </section>
  );
}
