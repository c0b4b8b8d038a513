import { Button, Group } from "@mantine/core";
import { Link, useParams } from "@tanstack/react-router";
import { Page } from "../../shared/ui/Page";
import { SetupCard } from "./SetupCard";

export function SetupPage() {
  const { jobId = "" } = useParams({ strict: false });
  return (
    <Page>
      <SetupCard jobId={jobId} />
      <Group gap="xs" mt="md">
        <Button component={Link} to="/events" search={{ job: jobId } as never}>
          Show events
        </Button>
        <Button component={Link} to="/transfers/$jobId" params={{ jobId } as never} variant="default">
          Open the sync job
        </Button>
      </Group>
    </Page>
  );
}
