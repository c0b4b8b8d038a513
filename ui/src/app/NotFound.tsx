import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Empty } from "../shared/ui/States";

export function NotFound() {
  return (
    <Empty
      title="There is nothing at this address"
      action={
        <Button component={Link} to="/events" variant="default">
          Show events
        </Button>
      }
    >
      What it named may have been deleted or cleaned up.
    </Empty>
  );
}
