// An answer of TensorFlow Serving's row format, without padding, as a document.

// Places in an answer count code points; JavaScript's count UTF-16 units.
function unitPlaces(text) {
  const places = [];
  let place = 0;
  for (const character of text) {
    places.push(place);
    place += character.length;
  }
  places.push(place);
  return places;
}

function tokensOf(text, words) {
  const tokens = [];
  let end = 0;
  for (const word of words) {
    if (word === "") continue;
    const start = text.indexOf(word, end);
    if (start < 0) break; // a text with broken characters, which the server repairs
    end = start + word.length;
    tokens.push({ start, end });
  }
  return tokens;
}

export function documentOf(text, row) {
  const places = unitPlaces(text);
  const entities = [];
  row.entity_type.forEach((type, i) => {
    if (type === "") return;
    const [start, end] = [places[row.entity_start[i]], places[row.entity_end[i]]];
    entities.push({ type, start, end, text: text.slice(start, end), score: row.entity_score[i] });
  });
  const relations = [];
  row.relation_type.forEach((type, i) => {
    if (type === "") return;
    relations.push({ type, head: row.relation_head[i], tail: row.relation_tail[i], score: row.relation_score[i] });
  });
  const breaks = (row.broken_at ?? []).filter((place) => place >= 0).length;
  return { text, tokens: tokensOf(text, row.token), entities, relations, breaks };
}
