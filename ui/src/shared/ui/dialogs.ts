/** Whether a dialog is open that has the page for itself; the one with the name `except` does not count. */
export const isDialogOpen = (except?: string): boolean =>
  [...document.querySelectorAll("[role=dialog][aria-modal=true]")].some(
    (dialog) => except === undefined || dialog.getAttribute("aria-label") !== except,
  );
