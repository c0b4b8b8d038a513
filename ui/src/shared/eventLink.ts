import { platform } from "../platform";

/** An address that opens an event: of this page in a browser, of the app in its window. */
export const eventLink = (jobId: string, eventId: string): string =>
  platform().kind === "desktop"
    ? `hookline://event/${jobId}/${eventId}`
    : `${location.origin}/events/${jobId}/${eventId}`;
