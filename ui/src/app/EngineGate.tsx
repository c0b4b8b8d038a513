/** Shows the app while the engine runs; otherwise says what keeps it from running, and what to do. */
import { Button, Code, Group, Loader, Stack, Text, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { startLiveUpdates } from "../api/live";
import { type EngineState, platform } from "../platform";
import { Mark } from "../shared/ui/Mark";
import classes from "./EngineGate.module.css";

export function EngineGate({ children }: { children: ReactNode }) {
  const [engine, setEngine] = useState<EngineState>({ state: "starting" });
  useEffect(() => platform().engine.watch(setEngine), []);
  switch (engine.state) {
    case "running":
      return <Running>{children}</Running>;
    case "starting":
      return <Starting />;
    case "failed":
      return <CannotStart message={engine.message} hint={engine.hint} />;
  }
}

function Running({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  useEffect(() => startLiveUpdates(client), [client]);
  return children;
}

function Starting() {
  return (
    <main className={classes.room}>
      <Group role="status">
        <Loader size="sm" />
        <Text>Opening your events…</Text>
      </Group>
    </main>
  );
}

function CannotStart({ message, hint }: { message: string; hint: string | undefined }) {
  const [trying, setTrying] = useState(false);
  const { engine } = platform();
  const retry = async () => {
    setTrying(true);
    await engine.retry().catch(() => {});
    setTrying(false);
  };
  return (
    <main className={classes.room}>
      <Stack maw={560} gap="md" role="alert">
        <Mark size={40} />
        <Title order={1}>Hookline cannot start</Title>
        <Code block className={classes.message}>
          {message}
        </Code>
        {hint && <Text>{hint}</Text>}
        <Text c="dimmed">Nothing is lost: events that were received are on the disk.</Text>
        <Group>
          <Button onClick={retry} loading={trying}>
            Try again
          </Button>
          {engine.quit && (
            <Button variant="default" onClick={() => void engine.quit?.()}>
              Quit
            </Button>
          )}
        </Group>
      </Stack>
    </main>
  );
}
