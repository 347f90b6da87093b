// Answers what Go's crypto/x509 says of the cases on stdin: one JSON list in, one out ("" for accepted).
package main

import (
	"crypto/x509"
	"encoding/json"
	"os"
	"time"
)

type question struct {
	Leaf          []byte   `json:"leaf"`
	Intermediates [][]byte `json:"intermediates"`
	Anchors       [][]byte `json:"anchors"`
	Name          string   `json:"name"`
	Purpose       string   `json:"purpose"`
	Time          int64    `json:"time"`
}

func pool(list [][]byte) (*x509.CertPool, error) {
	out := x509.NewCertPool()
	for _, der := range list {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		out.AddCert(certificate)
	}
	return out, nil
}

func judge(q question) error {
	leaf, err := x509.ParseCertificate(q.Leaf)
	if err != nil {
		return err
	}
	options := x509.VerifyOptions{
		DNSName:     q.Name,
		CurrentTime: time.UnixMilli(q.Time),
		KeyUsages:   []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if q.Purpose == "client" {
		options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		options.DNSName = ""
	}
	if options.Roots, err = pool(q.Anchors); err != nil {
		return err
	}
	if options.Intermediates, err = pool(q.Intermediates); err != nil {
		return err
	}
	_, err = leaf.Verify(options)
	return err
}

func main() {
	var questions []question
	if err := json.NewDecoder(os.Stdin).Decode(&questions); err != nil {
		panic(err)
	}
	answers := make([]string, len(questions))
	for i, q := range questions {
		if err := judge(q); err != nil {
			answers[i] = err.Error()
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
