// Posts texts to a served model, and prints what it finds. Needs the standard library alone.
//
//	go run client.go http://localhost:8501/v1/models/jner_re "Ada Berg lives in Oslo."
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
)

type answer struct {
	Error       string
	Predictions []struct {
		EntityType    []string  `json:"entity_type"`
		EntityText    []string  `json:"entity_text"`
		RelationType  []string  `json:"relation_type"`
		RelationHead  []int     `json:"relation_head"`
		RelationTail  []int     `json:"relation_tail"`
		RelationScore []float64 `json:"relation_score"`
	}
}

func predict(url string, texts []string) (*answer, error) {
	body, err := json.Marshal(map[string]any{"instances": texts})
	if err != nil {
		return nil, err
	}
	response, err := http.Post(url+":predict", "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var found answer
	if err := json.NewDecoder(response.Body).Decode(&found); err != nil {
		return nil, err
	}
	if found.Error != "" {
		return nil, fmt.Errorf("%s: %s", response.Status, found.Error)
	}
	return &found, nil
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: client URL TEXT...")
		os.Exit(2)
	}
	found, err := predict(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for i, row := range found.Predictions {
		fmt.Println(os.Args[2+i])
		for m, kind := range row.EntityType {
			if kind != "" { // "" is padding
				fmt.Printf("  %s: %s\n", kind, row.EntityText[m])
			}
		}
		for n, kind := range row.RelationType {
			if kind != "" {
				head, tail := row.EntityText[row.RelationHead[n]], row.EntityText[row.RelationTail[n]]
				fmt.Printf("  %s %s %s (%.2f)\n", head, kind, tail, row.RelationScore[n])
			}
		}
	}
}
