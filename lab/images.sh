#!/bin/bash
# images.sh: the images of lab/faults, into $KLAB/images; imports them when the lab is up. Needs mariadb-server, postgresql-15,
# redis-server, nginx, node and python3 of this machine, and Go, pip and npm with their registries.
set -e
here=$(dirname "$(readlink -f "$0")")
images=$KLAB/images made=$KLAB/made
mkdir -p "$images" "$made"
# a kubectl of its own starts in half the time of the base lab's all-in-one program
[ -L "$KLAB/bin/kubectl" ] && (cd "$KWHY_LAB/kube" && v=$(sed -n 's,^require k8s.io/kubernetes ,,p' go.mod) && CGO_ENABLED=0 go build -trimpath \
  -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=$v -X k8s.io/client-go/pkg/version.gitVersion=$v" -o "$made/kubectl" k8s.io/kubernetes/cmd/kubectl \
  && cp "$made/kubectl" "$KLAB/bin/kubectl.new" && mv -f "$KLAB/bin/kubectl.new" "$KLAB/bin/kubectl")
shop=registry.lab.example/shop pack="python3 $here/packtree.py"
(cd "$here/program" && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$made/shoptool" .)
"$KWHY_LAB/mkimage.py" "$images/tool.tar" $shop/tool:2.0.1 "$made/shoptool:/bin/shoptool" /bin/shoptool
if [ ! -e "$images/mariadb.tar" ]; then
  rm -rf "$made/mysql"; mariadb-install-db --no-defaults --user=root --datadir="$made/mysql" --auth-root-authentication-method=normal >/dev/null
  $pack "$images/mariadb.tar" docker.io/library/mariadb:10.11 /usr/sbin/mariadbd /usr/bin/mariadb /usr/share/mysql "$made/mysql=/data/mysql" \
    -- mariadbd --no-defaults --user=root --datadir=/data/mysql --socket=/tmp/mysqld.sock --bind-address=0.0.0.0 --log-warnings=3
fi
[ -e "$images/postgres.tar" ] || $pack "$images/postgres.tar" docker.io/library/postgres:15 /usr/lib/postgresql/15 /usr/share/postgresql/15 \
  /usr/share/zoneinfo /usr/lib/locale/C.utf8
[ -e "$images/redis.tar" ] || $pack "$images/redis.tar" docker.io/library/redis:7.0 /usr/bin/redis-server /usr/bin/redis-cli -- redis-server --bind 0.0.0.0 --protected-mode no
[ -e "$images/nginx.tar" ] || { mkdir -p "$made/empty"; $pack "$images/nginx.tar" docker.io/library/nginx:1.22 /usr/sbin/nginx \
  /etc/nginx/mime.types "$made/empty=/var/log/nginx" "$made/empty=/var/lib/nginx" "$made/empty=/var/cache/nginx" -- nginx -c /etc/nginx/nginx.conf -g 'daemon off;'; }
if [ ! -e "$images/python.tar" ]; then
  pip install -q --target "$made/python" pymysql psycopg2-binary redis requests async_timeout
  $pack "$images/python.tar" $shop/worker-python:1.3.0 /usr/bin/python3.11=/usr/bin/python3 /usr/lib/python3.11 "$made/python=/usr/lib/python3/dist-packages" \
    "$here/clients/client.py=/app/client.py" -- /usr/bin/python3 -u /app/client.py
fi
if [ ! -e "$images/node.tar" ]; then
  mkdir -p "$made/node"; (cd "$made/node" && npm install --silent --no-audit mysql2 pg ioredis axios >/dev/null)
  $pack "$images/node.tar" $shop/worker-node:1.3.0 "$(readlink -f "$(which node)")=/usr/bin/node" "$made/node/node_modules=/app/node_modules" "$here/clients/client.js=/app/client.js" \
    -- /usr/bin/node /app/client.js
fi
ls -la "$images"/*.tar
for i in tool mariadb postgres redis nginx python node; do
  "$KWHY_LAB/lab" exec ctr -n k8s.io images import "$images/$i.tar" || true
done
