# shellcheck shell=sh
# What quern and mvnw need before they can start Java; sourced by both. Sets and exports JAVA_HOME: a JDK 25 or newer.
#
# Taken is the first that fits of: JAVA_HOME, the javac on the PATH, the usual folders, a JDK that this script fetched
# before. If none fits, Temurin is fetched into the user's cache and checked against the SHA-256 below.

QUERN_JDK_RELEASE='25.0.4.1+1'
QUERN_JDK_BASE='https://github.com/adoptium/temurin25-binaries/releases/download/jdk-25.0.4.1%2B1/OpenJDK25U-jdk'
QUERN_JDK_CACHE="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/quern"

# True when $1 is the home of a JDK (with a compiler) of version 25 or newer.
quern_jdk_fits() {
  [ -x "$1/bin/javac" ] || return 1
  quern_version=$(sed -n 's/^JAVA_VERSION="\([0-9][0-9]*\).*/\1/p' "$1/release" 2>/dev/null) || return 1
  [ "${quern_version:-0}" -ge 25 ]
}

# Prints the candidates, one a line.
quern_jdk_candidates() {
  printf '%s\n' "${JAVA_HOME:-}"
  if quern_javac=$(command -v javac 2>/dev/null); then
    quern_javac=$(readlink -f "$quern_javac" 2>/dev/null || printf %s "$quern_javac")
    printf '%s\n' "${quern_javac%/bin/javac}"
  fi
  if [ -x /usr/libexec/java_home ]; then
    /usr/libexec/java_home -v 25+ 2>/dev/null || :
  fi
  for quern_home in "$QUERN_JDK_CACHE/jdk-$QUERN_JDK_RELEASE" "$QUERN_JDK_CACHE/jdk-$QUERN_JDK_RELEASE/Contents/Home" \
    /usr/lib/jvm/* /usr/java/* /opt/jdk* /opt/java* /opt/*/jdk* "${HOME:-}"/.sdkman/candidates/java/* "${HOME:-}"/.jdks/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home "${HOME:-}"/Library/Java/JavaVirtualMachines/*/Contents/Home \
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
    printf '%s\n' "$quern_home"
  done
}

quern_jdk_fail() {
  printf 'quern: %s\n' "$1" "Install a JDK 25 or newer (https://adoptium.net/temurin/releases/?version=25) and set JAVA_HOME." >&2
  return 1
}

# Fetches Temurin and sets JAVA_HOME to it.
quern_jdk_fetch() {
  # The sums are those that the Adoptium project publishes beside each archive.
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64 | Linux-amd64)
      quern_file=x64_linux
      quern_sum=dbb698396d478e7fa2b1e50f4103324b2a99b90569ee27c33f2261f9215cf41e
      ;;
    Linux-aarch64 | Linux-arm64)
      quern_file=aarch64_linux
      quern_sum=69df11a02cfa3ef7d7ca645e03edce6778ec090e100f6ae2b42097865730ac52
      ;;
    Darwin-arm64)
      quern_file=aarch64_mac
      quern_sum=61979887f7506a24a57439ff99adb8b3a7fc89977d9cfe3b8984f58a981b7b9d
      ;;
    *)
      quern_jdk_fail "no JDK 25 found, and none to fetch for $(uname -s) $(uname -m)"
      return 1
      ;;
  esac
  quern_url="${QUERN_JDK_BASE}_${quern_file}_hotspot_25.0.4.1_1.tar.gz"
  mkdir -p "$QUERN_JDK_CACHE" && quern_tmp=$(mktemp -d "$QUERN_JDK_CACHE/jdk.XXXXXX") || return 1
  echo "quern: fetching Temurin JDK $QUERN_JDK_RELEASE (140 MB) into $QUERN_JDK_CACHE" >&2
  if quern_jdk_unpack; then
    mv "$quern_tmp/jdk" "$QUERN_JDK_CACHE/jdk-$QUERN_JDK_RELEASE" 2>/dev/null || : # another run was faster
    rm -rf "$quern_tmp"
  else
    rm -rf "$quern_tmp"
    return 1
  fi
  for JAVA_HOME in "$QUERN_JDK_CACHE/jdk-$QUERN_JDK_RELEASE" "$QUERN_JDK_CACHE/jdk-$QUERN_JDK_RELEASE/Contents/Home"; do
    if quern_jdk_fits "$JAVA_HOME"; then
      return 0
    fi
  done
  quern_jdk_fail "the fetched JDK cannot be used: $QUERN_JDK_CACHE/jdk-$QUERN_JDK_RELEASE"
}

# Downloads quern_url, checks it against quern_sum, unpacks it as quern_tmp/jdk.
quern_jdk_unpack() {
  if command -v curl >/dev/null 2>&1; then
    curl -fsSL --retry 3 -o "$quern_tmp/jdk.tar.gz" "$quern_url"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -O "$quern_tmp/jdk.tar.gz" "$quern_url"
  else
    quern_jdk_fail 'no JDK 25 found, and neither curl nor wget to fetch one'
    return 1
  fi || {
    quern_jdk_fail "no JDK 25 found, and it could not be fetched from $quern_url"
    return 1
  }
  if command -v sha256sum >/dev/null 2>&1; then
    quern_found=$(sha256sum "$quern_tmp/jdk.tar.gz")
  else
    quern_found=$(shasum -a 256 "$quern_tmp/jdk.tar.gz")
  fi
  if [ "${quern_found%% *}" != "$quern_sum" ]; then
    quern_jdk_fail "$quern_url: SHA-256 ${quern_found%% *} (expected: $quern_sum)"
    return 1
  fi
  mkdir "$quern_tmp/jdk" && tar -xzf "$quern_tmp/jdk.tar.gz" -C "$quern_tmp/jdk" --strip-components=1
}

quern_jdk() {
  while read -r quern_home; do
    if [ -n "$quern_home" ] && quern_jdk_fits "$quern_home"; then
      JAVA_HOME=$quern_home
      return 0
    fi
  done <<QUERN_CANDIDATES
$(quern_jdk_candidates)
QUERN_CANDIDATES
  quern_jdk_fetch
}

quern_jdk || exit 69
export JAVA_HOME

# Java opens files by names in the encoding of the locale. The plain C locale has ASCII alone, and no folder with an umlaut could be
# opened; names written in another encoding stay what they are.
case $(locale charmap 2>/dev/null) in
  ANSI_X3.4-1968 | US-ASCII | '')
    LC_ALL=C.UTF-8
    export LC_ALL
    ;;
esac
