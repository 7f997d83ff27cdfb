#!/usr/bin/env bash
# Installs the Debian packages that camkeeper (--run) or its tests (--test) need, and only those that are missing.
# Says for each what it is for. Where nothing is missing it touches neither the network nor the package system.
set -euo pipefail

usage() {
    echo "用法 / Usage: $0 --run | --test [--check]"
    echo "  --run    运行所需 / what running needs"
    echo "  --test   运行和测试所需 / what running and testing need"
    echo "  --check  只检查，缺少时退出码为 1 / only look; exit code 1 where something is missing"
}

# package | 用途 | purpose
run_packages=(
    "python3-venv|建立虚拟环境 .venv|makes the virtual environment .venv"
    "tzdata|系统时区|the system's time zones"
)
test_packages=(
    "chromium|在真实浏览器中检查页面|checks the pages in a real browser"
    "fonts-wqy-microhei|页面测试和截图用的小型中文字体|a small Chinese font for page tests and screenshots"
    "lighttpd|真实的 HTTP Digest 抓图主机|a real HTTP Digest snapshot host"
    "ffmpeg|虚拟摄像机 ipycam 的视频编码|encodes the video of the virtual camera ipycam"
    "opencv-doc|监控录像样片 vtest.avi|the surveillance clip vtest.avi"
    "snmpd|真实的 SNMP 代理|a real SNMP agent"
    "gir1.2-gst-rtsp-server-1.0|真实的 RTSP 服务器（带密码）|a real RTSP server with a password"
    "python3-gi|启动该 RTSP 服务器|starts that RTSP server"
    "gstreamer1.0-plugins-base|RTSP 服务器的测试画面|the RTSP server's test picture"
    "gstreamer1.0-plugins-good|RTSP 服务器的编码和打包|the RTSP server's encoder and payloader"
    "nats-server|县级平台与乡镇边缘节点之间的 NATS 服务器（2.9 版）|the NATS server between edges and hub, in its version 2.9"
    "iproute2|网络命名空间：断线和黑洞测试|network namespaces: cut and black-holed links"
    "nftables|在命名空间内丢包和拒绝|drops and rejects inside the namespaces"
    "strace|注入磁盘错误|injects disk errors"
    "faketime|拨动监测进程的系统时钟|steps the wall clock of a running monitor"
    "influxdb|真实的 InfluxDB 1.x（1.6.7）|a real InfluxDB 1.x (1.6.7)"
    "victoria-metrics|真实的 v2 写入接口|a real server of the v2 write API"
    "libreoffice-calc-nogui|真实的 LibreOffice 打开月报表格（约 265 MB）|a real LibreOffice opens the monthly workbook (about 265 MB)"
    "poppler-utils|从月报 PDF 取出文字|reads the text of the monthly PDF"
)

check_only=false
packages=()
for arg in "$@"; do
    case $arg in
        --run) packages+=("${run_packages[@]}") ;;
        --test) packages+=("${run_packages[@]}" "${test_packages[@]}") ;;
        --check) check_only=true ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done
[ "${#packages[@]}" -gt 0 ] || { usage >&2; exit 2; }

if ! command -v dpkg-query > /dev/null; then
    echo "这不是 Debian 系统，请自行安装下列软件 / Not a Debian system; please install these yourself:" >&2
    for row in "${packages[@]}"; do echo "  ${row%%|*}" >&2; done
    exit 1
fi

missing=()
for row in "${packages[@]}"; do
    IFS='|' read -r name zh en <<< "$row"
    if [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2> /dev/null || true)" = installed ]; then
        continue
    fi
    case " ${missing[*]-} " in *" $name "*) continue ;; esac
    missing+=("$name")
    printf '%-20s %s / %s\n' "$name" "$zh" "$en"
done
if [ "${#missing[@]}" -eq 0 ]; then
    echo "所需 Debian 软件包均已安装 / All Debian packages needed are installed"
    exit 0
fi
if $check_only; then
    echo "缺少 / missing: ${missing[*]}" >&2
    exit 1
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo > /dev/null; then
        echo "错误：安装软件包需要 root 权限，且没有 sudo。请以 root 运行：" >&2
        echo "Error: installing needs root, and there is no sudo. As root, please run:" >&2
        echo "  apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

# Debian starts a daemon as it installs it. The tests start their own, on 127.0.0.1: nothing of ours is to listen
# because a test was prepared. Where the administrator has a policy of their own, it is left alone.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" > /dev/null
    "${as_root[@]}" chmod 755 "$policy"
fi
"${as_root[@]}" apt-get update
# Slim images leave documentation out, and the clip is part of it.
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    -o Dpkg::Options::=--path-include=/usr/share/doc/opencv-doc/\* "${missing[@]}"
