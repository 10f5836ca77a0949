"""Posts texts to a served model, and prints what it finds. Needs: pip install requests.

python client.py http://localhost:8501/v1/models/jner_re "Ada Berg lives in Oslo."
"""

import sys

import requests

url, *texts = sys.argv[1:]
answer = requests.post(f"{url}:predict", json={"instances": texts}, timeout=60)
if not answer.ok:
    sys.exit(f"{answer.status_code}: {answer.json()['error']}")
for text, row in zip(texts, answer.json()["predictions"]):
    print(text)
    for kind, start, end in zip(row["entity_type"], row["entity_start"], row["entity_end"]):
        if kind:  # "" is padding
            print(f"  {kind}: {text[start:end]}")
    for kind, head, tail, score in zip(
        row["relation_type"], row["relation_head"], row["relation_tail"], row["relation_score"]
    ):
        if kind:
            print(f"  {row['entity_text'][head]} {kind} {row['entity_text'][tail]} ({score:.2f})")
