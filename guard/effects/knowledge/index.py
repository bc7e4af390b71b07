"""Which module describes a program. Kept apart so that one program costs one module; a test holds it to the modules."""

FAMILIES: dict[str, str] = {
    "infra": "helm kustomize terraform tofu terragrunt pulumi cdk cdktf sam serverless sls sst packer vagrant ansible ansible-playbook "
    "ansible-vault ansible-doc ansible-config ansible-test ansible-inventory ansible-galaxy argocd flux istioctl "
    "linkerd cilium velero stern kubectx kubens consul nomad etcdctl zkCli "
    "promtool amtool logcli prometheus "
    "rabbitmqctl rabbitmqadmin rabbitmq-diagnostics rpk vault op pass gopass bw lpass keyring "
    "kwallet-query secret-tool keyctl chamber aws-vault infisical teller doppler sops age security",
    "services": "heroku fly flyctl railway render vercel vc netlify wrangler firebase supabase planetscale pscale neonctl amplify eb copilot eas "
    "stripe twilio auth0 okta sentry-cli datadog-ci newrelic circleci travis ldcli flipt unleash statsig fastly algolia apigeecli deck temporal "
    "influx kafka-topics kafka-consumer-groups kafka-configs kafka-acls kafka-get-offsets kafka-log-dirs kafka-broker-api-versions "
    "kafka-console-consumer kafka-console-producer kafka-delete-records kafka-delegation-tokens kafka-cluster kafka-topics.sh "
    "kafka-consumer-groups.sh kafka-configs.sh kafka-acls.sh kafka-get-offsets.sh kafka-log-dirs.sh kafka-broker-api-versions.sh "
    "kafka-console-consumer.sh kafka-delete-records.sh "
    "pulsar-admin pd pagerduty opsgenie datadog honeycomb splunk",
    "forges": "gh hub glab tea jira linear acli",
    "clouds": "aws gcloud gsutil bq az doctl hcloud linode-cli ibmcloud oci scw vultr-cli exo upctl civo eksctl kops rclone s3cmd s5cmd mc "
    "minio-client azcopy",
    "looks": "true false : whoami id groups who w users logname uname arch nproc uptime free vmstat iostat mpstat pidstat lscpu lsblk lspci "
    "lsusb lsmod lsmem lsns lslogins modinfo ps pgrep pidof pidwait pmap pwdx pstree top htop btop sleep usleep seq jot yes tty "
    "stty tput clear reset locale getconf getent which whereis type apropos whatis help expr factor numfmt lsof netstat last lastb "
    "lastlog sw_vers sysinfo neofetch fastfetch echo printf pwd cowsay figlet toilet fortune lolcat banner sensors lsb_release "
    "hostid ipcs findmnt lshw inxi test errno units jobs wait uuidgen pwgen vm_stat nstat iftop iotop ncal runlevel tzselect zdump "
    "lsipc lsfd lslocks lsscsi dpkg-architecture ss dmesg man info bc dc logger nvidia-smi dmidecode blkid iperf iperf3",
    "machine": "systemctl service rc-service initctl loginctl timedatectl hostnamectl localectl resolvectl busctl coredumpctl journalctl "
    "systemd-analyze launchctl defaults dscl networksetup scutil pmset nvram csrutil profiles shutdown reboot halt poweroff init "
    "telinit insmod modprobe rmmod kexec bpftool setenforce apparmor_parser aa-teardown auditctl setcap grub-install update-grub "
    "efibootmgr kmod dkms depmod update-initramfs sysrq swapoff swapon bpftrace useradd userdel usermod groupadd groupdel groupmod "
    "passwd chpasswd adduser deluser addgroup delgroup visudo chsh chfn vipw vigr gpasswd newusers sysadminctl pwck pwconv "
    "usermod.ldap realm chage mkswap wipefs fdisk sfdisk gdisk sgdisk cfdisk parted blkdiscard hdparm badblocks fsck e2fsck "
    "tune2fs resize2fs debugfs mke2fs mkfs mkfs.ext4 mkfs.ext3 mkfs.ext2 mkfs.xfs mkfs.btrfs mkfs.vfat mkfs.fat mkfs.ntfs "
    "mkfs.exfat mkfs.f2fs partprobe dmsetup losetup nvme newfs newfs_apfs format fsck.ext4 xfs_repair cryptsetup lvremove vgremove "
    "pvremove lvcreate vgcreate pvcreate lvextend lvreduce vgextend mdadm lvresize lvrename lvs vgs pvs lvdisplay vgdisplay "
    "pvdisplay lvscan vgscan pvscan zpool zfs btrfs mount umount fusermount fusermount3 pivot_root mount.nfs mount.cifs sshfs "
    "diskutil sysctl iptables ip6tables iptables-legacy iptables-nft ebtables arptables iptables-save nft ufw firewall-cmd pfctl "
    "ifconfig iwconfig route ip nmcli tc arp ethtool tcpdump tshark pkill killall killall5 skill xkill fuser renice hwclock "
    "ntpdate rtcwake loadkeys setterm chronyd ntpd pbcopy pbpaste xclip xsel wl-copy wl-paste clip hg sl svn bzr fossil jj p4 "
    "darcs cvs ssh-agent ssh-add ssh-keyscan ssh-copy-id ssh-keygen gpg gpg2 ngrok cloudflared localtunnel lt tailscale bore caddy "
    "nginx httpd apache2 apachectl sshd dockerd containerd haproxy lighttpd traefik memcached redis-server valkey-server mongod "
    "mysqld postgres pg_ctl pg_ctlcluster initdb elasticsearch rabbitmq-server etcd minio dnsmasq named squid vsftpd smbd serve "
    "open xdg-open gio gnome-open start wslview crond cron atd anacron atq atrm update-alternatives ldconfig chcon restorecon "
    "getcap getsebool setsebool semanage logrotate wall mesg mail mailx mutt sendmail msmtp swaks notify-send",
    "containers": "docker podman nerdctl docker-compose podman-compose buildah crictl ctr runc crun minikube kind k3d skopeo lxc incus virsh "
    "dive ctop hadolint",
    "cluster": "kubectl oc kubecolor",
    "python_packages": "pip pip3 pipx uv uvx poetry pdm pipenv hatch flit twine conda mamba micromamba rye pixi pre-commit virtualenv nox tox invoke inv "
    "pytest py.test unittest coverage sphinx-build mkdocs jupyter jupyter-lab jupyter-notebook flask celery streamlit uvicorn "
    "gunicorn hypercorn daphne fastapi django-admin alembic",
    "javascript_packages": "npm npx bunx pnpx yarn yarnpkg pnpm corepack bun deno gulp grunt webpack webpack-cli rollup parcel vite next nuxt nuxi "
    "astro remix svelte-kit ng vue-cli-service react-scripts expo electron storybook nx lerna turbo rush babel swc tsup jest "
    "vitest mocha ava karma cypress playwright nyc c8 tap jasmine wdio testcafe esbuild tsc prisma knex sequelize sequelize-cli "
    "typeorm drizzle-kit",
    "compiled_languages": "cargo rustup rustc go gofmt goimports rustfmt swift xcodebuild xcrun xcode-select pod carthage fastlane flutter dart pub "
    "zig stack cabal ghc ghci runghc runhaskell ghcup opam dune elm",
    "other_packages": "gem bundle bundler rake rails jekyll hugo rspec cucumber composer artisan phpunit pest codecept mvn mvnw mvnd gradle "
    "gradlew sbt ant lein clj clojure mill bb dotnet nuget msbuild xbuild mix rebar3 erlc elixirc iex luarocks cpan cpanm cpm "
    "carton R julia rbenv pyenv nodenv goenv jenv phpenv plenv nvm fnm n volta mise rtx asdf sdk rvm",
    "system_packages": "apt apt-get apt-cache apt-mark aptitude add-apt-repository apt-key apt-config apt-file dpkg dpkg-query dpkg-deb "
    "dpkg-reconfigure yum dnf dnf5 microdnf tdnf rpm apk pacman yay paru pamac trizen makepkg zypper snap flatpak brew port "
    "emerge xbps-query xbps-install xbps-remove slackpkg pkg pkg_add tlmgr nix nix-env nix-store nix-build nix-instantiate "
    "nix-collect-garbage nix-channel nix-copy-closure nixos-rebuild darwin-rebuild home-manager guix choco winget scoop",
    "compilers": "gcc g++ cc c++ clang clang++ gfortran gcc-12 gcc-13 g++-13 clang-17 x86_64-linux-gnu-gcc aarch64-linux-gnu-gcc "
    "arm-none-eabi-gcc tcc icx emcc nvcc ld ld.lld ld.gold lld mold gold as nasm yasm ar ranlib llvm-ar gcc-ar strip objcopy "
    "addr2line c++filt gprof gcov llvm-nm llvm-objdump llvm-readelf llvm-dis dwarfdump dumpbin pahole javac java javap jdeps "
    "jinfo jps jstack jmap jstat jcmd javadoc jar keytool kotlinc kotlin kotlinc-jvm scalac scala scala-cli groovyc groovy "
    "protoc buf swiftc swift-frontend pdflatex xelatex lualatex latex tex pdftex luatex latexmk bibtex biber makeindex typst "
    "pandoc dot neato fdp sfdp circo twopi ffmpeg ffprobe ffplay vlc mpv convert magick mogrify identify composite montage "
    "compare sox rec play soxi mediainfo exiftool qpdf pdftotext pdfinfo pdffonts pdfdetach pdftoppm pdfimages pdftocairo "
    "pdfseparate pdfunite wkhtmltopdf wkhtmltoimage chromium google-chrome puppeteer weasyprint inkscape gs ps2pdf pdf2ps "
    "eps2eps rsvg-convert cairosvg cwebp dwebp avifenc gif2webp optipng pngquant jpegoptim oxipng svgo gifsicle pngcrush "
    "tesseract libreoffice soffice unoconv asciidoctor asciidoc rst2html rst2html.py markdown plantuml mmdc gnuplot iverilog "
    "verilator yosys ghdl wasm-opt wat2wasm wasm2wat wasm-objdump flex lex bison yacc re2c msgfmt msgmerge xgettext",
    "linters": "ruff black isort autopep8 yapf pyupgrade autoflake docformatter add-trailing-comma flake8 pylint mypy dmypy stubtest pyre "
    "pytype pyright basedpyright ty pyrefly vulture radon pydocstyle xenon mccabe pycodestyle pyflakes bandit interrogate "
    "pip-audit safety eslint stylelint tslint standard xo markdownlint-cli2 htmlhint textlint commitlint remark alex cspell "
    "knip madge depcheck syncpack prettier biome oxlint dprint shellcheck shfmt yamllint yamlfmt taplo jsonlint json5 ajv "
    "check-jsonschema markdownlint mdformat golangci-lint revive staticcheck errcheck ineffassign gosec govulncheck gocyclo "
    "misspell golint deadcode gofumpt gci golines clang-format clang-tidy cppcheck cpplint cppclean flawfinder "
    "include-what-you-use cmake-format cmake-lint gersemi rubocop standardrb erb_lint haml-lint reek brakeman "
    "rails_best_practices phpstan psalm php-cs-fixer phpcs phpcbf rector phpmd pint ktlint checkstyle detekt spotless pmd "
    "spotbugs scalafmt google-java-format swiftlint swiftformat swift-format luacheck stylua selene credo hlint ormolu fourmolu "
    "ocamlformat codespell typos aspell hunspell ispell vale proselint write-good actionlint kubeconform kubeval kube-linter "
    "kube-score conftest checkov tfsec tflint terrascan cfn-lint cfn_nag spectral ansible-lint dockle semgrep opengrep trivy "
    "grype syft osv-scanner gitleaks detect-secrets git-secrets talisman trufflehog djlint curlylint sqlfluff sqlfmt pg_format "
    "sqlformat editorconfig-checker ec lychee ls-lint license-eye addlicense reuse licensee scancode cargo-audit cargo-deny",
    "editors": "vi vim nvim ex vimdiff gvim mvim kak helix hx view rview nano pico micro joe jed mcedit ne mg tilde ed red emacs "
    "emacsclient xemacs code code-insiders codium cursor windsurf subl atom zed mate bbedit idea pycharm webstorm gedit kate "
    "notepad xed",
    "builders": "cmake ctest cpack ccmake ninja samu meson bazel bazelisk buck buck2 pants please plz scons waf b2 xmake premake5 qmake gyp "
    "gn autoconf automake autoreconf libtool configure aclocal autoheader earthly dagger garden tilt skaffold just task go-task "
    "mask cargo-make makers doit poe poethepoet paver fab watchexec nodemon watchman chokidar modd reflex air onchange "
    "concurrently npm-run-all run-s run-p wireit pm2 forever supervisorctl foreman overmind "
    "hivemind honcho supervisord cross-env cross-env-shell dotenv dotenvx env-cmd dotenv-run-script semantic-release release-it standard-version changeset goreleaser release-please np "
    "bumpversion bump2version bump-my-version commitizen cz towncrier husky lefthook lint-staged ccache sccache distcc icecc "
    "bear conan vcpkg pkg-config pkgconf llvm-config pg_config mysql_config curl-config python3-config python-config "
    "xml2-config sdl2-config",
    "utilities": "fzf sk gum dialog whiptail zenity delta difft diff-so-fancy icdiff ydiff dyff sdiff diffstat vbindiff interdiff diff3 "
    "lazygit tig gitui lazydocker k9s ranger nnn lf vifm yazi gitk git-cola scc loc gocloc sloccount dust duf ncdu dua gdu pdu "
    "dutree procs btm bottom glances nvtop atop dstat sar nmon s-tui gotop bpytop lsd broot erd tre hexyl lnav pygmentize "
    "highlight chroma mdless vivid tldr cheat tealdeer howdoi navi envsubst jo dasel gron fastgron ungron jless yj toml2json "
    "json2yaml yaml2json jd jp pup htmlq jnv fx jc crudini xmllint xmlstarlet xsltproc tidy html2text lynx w3m links elinks "
    "csvcut csvgrep csvstat csvsort csvjoin csvjson csvformat csvstack in2csv xsv qsv xan csvlens tv csvtk datamash csvclean "
    "csvsql sql2csv csvpy vd visidata q mlr sd choose hck grex pastel ipcalc numbat ccze boxes cmatrix gti asciitree faker "
    "lorem uuid ulid nanoid ksuid semver cowthink ast-grep comby jscodeshift jscpd license-checker npm-check cost-of-modules "
    "asciinema ttyrec termtosvg vhs terminalizer pv progress sponge vipe vidir pee ifne zrun isutf8 chardet chardetect uchardet "
    "enca mimetype dos2unix unix2dos mac2unix zoxide autojump fasd mcfly atuin thefuck starship act gitlab-runner vegeta wrk ab "
    "hey k6 locust siege artillery oha bombardier repomix gitingest code2prompt files-to-prompt cookiecutter copier degit tiged "
    "yo plop hygen git-filter-repo bfg tree-sitter speedtest speedtest-cli fast pip-licenses pipdeptree johnnydep pip-compile "
    "pip-sync ncu npm-check-updates taze",
    "macos": "say qlmanage mdls mdfind ioreg kextstat system_profiler GetFileInfo afinfo atos vmmap heap leaks stringdups footprint "
    "fs_usage nettop lsappinfo plockstat systemstats powermetrics mdutil mdimport sips plutil PlistBuddy textutil binhex "
    "applesingle macbinary lipo otool dyldinfo pagestuff unwinddump install_name_tool vtool codesign_allocate bitcode_strip "
    "nmedit symbols sample codesign spctl pkgutil installer softwareupdate xattr tmutil hdiutil ditto pkgbuild productbuild "
    "productsign altool notarytool stapler simctl screencapture afplay SetFile log mas kextload kextunload kmutil bless asr "
    "fdesetup tccutil systemsetup spindump sysdiagnose automator shortcuts DevToolsSecurity actool ibtool ictool momc "
    "lsregister",
    "senders": "xh xhs curlie grpcurl evans websocat wscat smbclient smbget ncftpget ftpput ncftpput curlftpfs davfs2 cadaver restic "
    "borg borgmatic duplicity duplicacy kopia bup tarsnap rdiff-backup rustic croc wormhole magic-wormhole wormhole-william "
    "ffsend sendme onionshare onionshare-cli mosquitto_pub kcat kafkacat nats amqp-publish stomp "
    "kafka-console-producer.sh nsq_pub mosquitto_sub amqp-consume nsq_tail crane oras regctl ko gcrane notation cosign vsce "
    "ovsx jsr clasp gh-pages surge ntl anaconda pub-dev apm amo web-ext telegram-send slackcat slack-cli ntfy gotify "
    "apprise pushover sendxmpp pastebinit pastebin-cli sprunge termbin dpaste gist wgetpaste fpaste nopaste 0x0 "
    "haste",
    "migrations": "dbmate goose migrate golang-migrate atlas sqitch diesel sqlx sea-orm-cli refinery migrate-mongo node-pg-migrate "
    "db-migrate mikro-orm kysely knex-migrator umzug yoyo phinx piccolo aerich flyway liquibase console cake symfony wp "
    "drush",
    "desktop": "gsettings dconf xfconf-query kwriteconfig5 kwriteconfig6 gconftool-2 xdg-mime xdg-settings xdg-desktop-menu "
    "xdg-desktop-icon xdg-icon-resource desktop-file-install xhost xdotool ydotool wtype wmctrl xte xprop machinectl "
    "sudoedit rootsh sudoreplay polkit-agent-helper-1 pkttyagent pkaction pkcheck net sc sc.exe reg reg.exe bcdedit "
    "bcdedit.exe netsh netsh.exe schtasks schtasks.exe wmic wmic.exe vssadmin vssadmin.exe wevtutil wevtutil.exe fsutil "
    "fsutil.exe dism dism.exe diskpart diskpart.exe net.exe cipher.exe takeown takeown.exe "
    "taskkill taskkill.exe tskill tskill.exe chflags fstrim trash-put trash-rm rimraf del-cli del "
    "move-file-cli trash-cli gvfs-trash trash-empty wipe secure-delete sfill sswap smem nwipe scrub",
}
"""Module of this package to the names it describes."""

FAMILY: dict[str, str] = {name: family for family, names in FAMILIES.items() for name in names.split()}
