// Sends a form of the page /docs with the key that was typed in, and shows the answer below it.
for (const form of document.forms) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const shown = form.nextElementSibling;
    shown.hidden = false;
    shown.textContent = "…";
    const headers = { Authorization: `Bearer ${form.elements.key.value.trim()}`, "Content-Type": "application/json" };
    try {
      const { method, path } = form.dataset;
      const answer = await fetch(path, { method, headers, body: form.elements.body.value });
      shown.textContent = `${answer.status}\n${JSON.stringify(await answer.json(), null, 2)}`;
    } catch (error) {
      shown.textContent = `Nothing was answered: ${error.message}`;
    }
  });
}
