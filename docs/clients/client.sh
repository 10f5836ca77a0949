#!/bin/sh
# Posts texts to a served model. Needs curl and jq.
#   sh client.sh http://localhost:8501/v1/models/jner_re "Ada Berg lives in Oslo."
url=$1
shift
jq -nc '{instances: $ARGS.positional}' --args "$@" |
  curl -sS --fail-with-body -H 'Content-Type: application/json' --data-binary @- "$url:predict" |
  jq -r '
    if .error then error(.error) else .predictions[] end
    | . as $row
    | (range(.entity_type | length) | select($row.entity_type[.] != "")
       | "\($row.entity_type[.]): \($row.entity_text[.])"),
      (range(.relation_type | length) | select($row.relation_type[.] != "")
       | "\($row.entity_text[$row.relation_head[.]]) \($row.relation_type[.]) \($row.entity_text[$row.relation_tail[.]])")'
