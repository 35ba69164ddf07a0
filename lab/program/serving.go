package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

type object = map[string]any

func webhook(args []string) {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		var review struct {
			Request struct{ UID string }
		}
		body, _ := io.ReadAll(r.Body)
		json.Unmarshal(body, &review)
		answer := object{"uid": review.Request.UID, "allowed": args[0] != "deny"}
		if args[0] == "deny" {
			answer["status"] = object{"code": 403, "message": env("MESSAGE", "label team is required")}
		}
		if args[0] == "slow" {
			time.Sleep(20 * time.Second)
		}
		log.Printf("review %s: %s", review.Request.UID, args[0])
		json.NewEncoder(w).Encode(object{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer})
	})
	log.Print("webhook listening on :8443")
	log.Fatal(http.ListenAndServeTLS(":8443", args[1], args[2], nil))
}

// metricsAPI answers for metrics.k8s.io with the pods the API server names and $MILLICORES of CPU for each.
func metricsAPI(args []string) {
	usage := object{"cpu": env("MILLICORES", "50") + "m", "memory": "32Mi"}
	metric := func(kind, name, namespace string, labels any) object {
		meta := object{"name": name, "labels": labels, "creationTimestamp": time.Now().UTC().Format(time.RFC3339)}
		m := object{"metadata": meta, "timestamp": time.Now().UTC().Format(time.RFC3339), "window": "15s"}
		if kind == "NodeMetrics" {
			m["usage"] = usage
		} else {
			meta["namespace"] = namespace
			m["containers"] = []any{object{"name": strings.SplitN(name, "-", 2)[0], "usage": usage}}
		}
		return m
	}
	http.HandleFunc("/apis/metrics.k8s.io/v1beta1", func(w http.ResponseWriter, r *http.Request) {
		resource := func(name, kind string, namespaced bool) object {
			return object{"name": name, "singularName": "", "kind": kind, "namespaced": namespaced, "verbs": []string{"get", "list"}}
		}
		reply(w, object{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "metrics.k8s.io/v1beta1",
			"resources": []any{resource("nodes", "NodeMetrics", false), resource("pods", "PodMetrics", true)}})
	})
	http.HandleFunc("/apis/metrics.k8s.io/v1beta1/", func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/apis/metrics.k8s.io/v1beta1/")
		kind := "PodMetrics"
		if strings.HasPrefix(path, "nodes") {
			kind = "NodeMetrics"
		}
		items := []any{}
		for _, o := range list("/api/v1/"+path, r.URL.RawQuery) {
			items = append(items, metric(kind, o.Metadata.Name, o.Metadata.Namespace, o.Metadata.Labels))
		}
		reply(w, object{"kind": kind + "List", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": object{}, "items": items})
	})
	server := &http.Server{Addr: ":8443", TLSConfig: &tls.Config{Certificates: []tls.Certificate{selfSigned()}}}
	log.Print("metrics API listening on :8443")
	log.Fatal(server.ListenAndServeTLS("", ""))
}

func reply(w http.ResponseWriter, answer object) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(answer)
}

type named struct {
	Metadata struct {
		Name, Namespace string
		Labels          map[string]string
	}
}

func list(path, query string) []named {
	token, _ := os.ReadFile("/var/run/secrets/kubernetes.io/serviceaccount/token")
	server := "https://" + net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	request, _ := http.NewRequest("GET", server+path+"?"+query, nil)
	request.Header.Set("Authorization", "Bearer "+string(token))
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	answer, err := client.Do(request)
	if err != nil {
		log.Print(err)
		return nil
	}
	defer answer.Body.Close()
	var found struct{ Items []named }
	json.NewDecoder(answer.Body).Decode(&found)
	return found.Items
}

func selfSigned() tls.Certificate {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	certificate := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "metrics"}, NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, certificate, certificate, &key.PublicKey, key)
	if err != nil {
		log.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
