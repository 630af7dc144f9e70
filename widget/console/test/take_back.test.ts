// "Edit" on a reply that was not taken: its text and its product cards are a draft again, beside what has been written since.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandFailed } from "../../shared/failure.ts";
import { attach, attached, detach, detachAll, isFull, MOST, type Card } from "../state/attached.ts";
import { readDraft, writeDraft } from "../state/drafts.ts";
import { plug } from "../state/port.ts";
import { post, takeBack } from "../state/sender.ts";
import { link, openId, outbox } from "../state/store.ts";

const card = (id: string): Card => ({ id, name: `Product ${id}`, image_url: `https://shop.example/${id}.jpg`, price: 12900, price_to: null, currency: "PLN" });
const ids = (): string[] => attached.value.map((one) => one.id);

/** The server takes nothing; what it was asked. */
async function refused(conversation: string, text: string, cards: readonly Card[]): Promise<{ asked: object[]; client_id: string }> {
  const asked: object[] = [];
  plug({ command: (_, body) => (asked.push(body), Promise.reject(new CommandFailed({ code: "forbidden", message: "" }))), get: () => Promise.reject(new Error()), dial: () => {} });
  link.value = "online";
  post(conversation, "reply", text, cards);
  await new Promise((done) => setTimeout(done));
  const item = outbox.value.at(-1)!;
  assert.equal(item.state, "failed");
  return { asked, client_id: item.client_id };
}

test("text and cards come back as they were shown, and only their ids were sent", async () => {
  openId.value = "a";
  const { asked, client_id } = await refused("a", "These two", [card("1"), card("2")]);
  assert.deepEqual((asked[0] as { parts: object[] }).parts, [{ type: "text", text: "These two" }, { type: "product_card", product_id: "1" }, { type: "product_card", product_id: "2" }]);
  assert.deepEqual(ids(), []);
  assert.equal(takeBack(client_id), "These two");
  assert.deepEqual(attached.value, [card("1"), card("2")]);
  assert.deepEqual([outbox.value, readDraft("", "a", "reply")], [[], "These two"]);
  assert.equal(takeBack(client_id), "");
  assert.deepEqual(ids(), ["1", "2"]);
  detachAll("a");
});

test("what has been written and chosen since stays, and no card is there twice", async () => {
  openId.value = "b";
  const { client_id } = await refused("b", "First", [card("1"), card("2")]);
  writeDraft("", "b", "reply", "Second");
  attach("b", [card("2"), card("3")]);
  assert.equal(takeBack(client_id), "First\n\nSecond");
  assert.deepEqual(ids(), ["2", "3", "1"]);
  detachAll("b");
});

test("the cards of one conversation are not those of another", () => {
  attach("c", [card("1")]);
  openId.value = "d";
  assert.deepEqual(ids(), []);
  attach("d", [card("2")]);
  detach("c", "1");
  assert.deepEqual(ids(), ["2"]);
  detachAll("d");
});

test("one too many is dropped by nobody: it is full from the fifth on, and what is over it stays to be seen", () => {
  openId.value = "e";
  attach("e", ["1", "2", "3", "4"].map(card));
  assert.equal(isFull.value, false);
  attach("e", [card("5")]);
  assert.deepEqual([isFull.value, ids().length], [true, MOST]);
  attach("e", [card("6")]);
  assert.deepEqual(ids(), ["1", "2", "3", "4", "5", "6"]);
});
