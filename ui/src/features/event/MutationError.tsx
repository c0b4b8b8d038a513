import { describeError } from "../../api/client";
import { Problem } from "../../shared/ui/Problem";
import classes from "./Event.module.css";

/** Why something that was asked for was not done, where it was asked for. */
export function MutationError({ title, error }: { title: string; error: unknown }) {
  if (!error) return null;
  return (
    <div className={classes.failure}>
      <Problem title={title} {...describeError(error)} />
    </div>
  );
}
