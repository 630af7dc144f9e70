// What the page was served with. Read once from the JSON block of console.html.
export type Boot = {
  agent: { id: string; name: string; role: string }; csrf: string; locale: string;
  inbox: { id: string; name: string; locales: string[]; color: string; currency: string };
};

export function readBoot(): Boot {
  const block = document.getElementById("boot");
  if (!block?.textContent) throw new Error("The page came without its boot block.");
  return JSON.parse(block.textContent) as Boot;
}
