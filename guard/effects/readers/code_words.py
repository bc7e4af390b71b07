"""Words of perl, ruby, php and JavaScript that only compute, and those that act. Others are not known."""

from guard.model.typed import Mapping

_PERL = frozenset(
    "print printf say split join map grep sort reverse keys values each exists delete defined scalar length substr index rindex uc lc ucfirst lcfirst sprintf "
    "push pop shift unshift splice chomp chop chr ord hex oct abs int sqrt sin cos atan2 exp log rand srand time localtime gmtime if unless else elsif while "
    "until for foreach my our local last next redo return sub and or not xor x eq ne lt gt le ge cmp wantarray die warn exit pos quotemeta pack unpack sum sum0 max "
    "min first uniq any all none shuffle reduce product STDIN STDOUT STDERR ARGV eof undef BEGIN END lc uc readline use strict warnings utf8 feature POSIX floor "
    "ceil strftime JSON PP decode_json encode_json Data Dumper List Util Time HiRes MIME Base64 encode_base64 decode_base64 Digest MD5 SHA md5_hex sha256_hex "
    "sha1_hex bigint constant integer a b _ n r t e s d f binmode vec sprintf lcfirst wait sleep ref bless qw no_op state fmod pow".split()
)
_RUBY = frozenset(
    "puts print p pp printf if unless else elsif end while until for in do then return next break and or not nil true false self case when def each map "
    "select reject inject reduce sum min max sort sort_by min_by max_by group_by uniq first last take drop join split gsub sub tr strip chomp chop lstrip rstrip "
    "upcase downcase capitalize reverse length size count empty? include? start_with? end_with? match match? scan to_s to_i to_f to_a to_h to_sym inspect "
    "each_with_index each_with_object each_line lines chars bytes each_char zip flatten compact flat_map partition tally any? all? none? find detect index keys values "
    "key? has_key? fetch dig merge transform_values transform_keys sum round floor ceil abs sqrt times upto downto step succ pred even? odd? zero? positive? nil? "
    "is_a? respond_to? freeze dup rand srand require json csv date time set yaml JSON CSV Date Time Set YAML Math parse generate pretty_generate safe_load today now "
    "strftime iso8601 STDIN STDOUT STDERR ARGF ARGV gets readlines read write BEGIN END __FILE__ Integer Float String Array Hash digest Digest SHA256 MD5 "
    "hexdigest securerandom SecureRandom hex uuid base64 Base64 encode64 strict_encode64 decode64 format sprintf ljust rjust center hash ord chr pack unpack "
    "slice values_at each_slice each_cons combination permutation product transpose rotate sample shuffle delete delete_if push pop shift unshift append concat "
    "insert clear nonzero? between? clamp divmod pow gcd lcm digits exit RUBY_VERSION RUBY_PLATFORM Encoding UTF_8 force_encoding encode unicode_normalize a b k v x y i n s l h r e w f c".split()
)
_PHP = frozenset(
    "echo print printf sprintf vsprintf print_r var_dump var_export if else elseif endif while endwhile for endfor foreach endforeach as switch case break continue default return function fn "
    "true false null and or xor array list isset empty unset json_encode json_decode strlen str_replace substr strpos strrpos stripos strtolower strtoupper ucfirst ucwords "
    "trim ltrim rtrim explode implode join count sizeof in_array array_keys array_values array_merge array_slice array_sum array_unique array_reverse array_combine "
    "array_flip array_column array_search array_key_exists range sort rsort asort ksort arsort krsort max min abs floor ceil round sqrt pow rand mt_rand random_int intdiv "
    "date time mktime strtotime microtime date_default_timezone_get phpversion php_sapi_name php_uname PHP_VERSION PHP_EOL PHP_OS PHP_INT_MAX md5 sha1 hash crc32 base64_encode base64_decode bin2hex "
    "hex2bin urlencode urldecode rawurlencode http_build_query parse_url preg_match preg_match_all preg_split preg_quote preg_replace number_format str_pad str_repeat strrev "
    "nl2br htmlspecialchars html_entity_decode is_array is_string is_numeric is_int intval floatval strval boolval gettype get_debug_type serialize uniqid password_hash password_verify "
    "extension_loaded get_loaded_extensions version_compare memory_get_usage exit die JSON_PRETTY_PRINT JSON_UNESCAPED_SLASHES JSON_UNESCAPED_UNICODE JSON_THROW_ON_ERROR STDIN "
    "str_contains str_starts_with str_ends_with array_filter_keys const static int string float bool mixed var argv argc usleep sleep".split()
)
_JAVASCRIPT = frozenset(
    "console log error warn table dir info debug JSON parse stringify Object keys values entries assign fromEntries Array isArray from of map filter reduce forEach find findIndex some every "
    "includes indexOf lastIndexOf join split slice splice concat push pop shift unshift sort reverse flat flatMap length toString toFixed trim trimEnd trimStart replace replaceAll match "
    "matchAll test exec_ substring substr toUpperCase toLowerCase localeCompare padStart padEnd charCodeAt charAt codePointAt fromCharCode startsWith endsWith repeat at fill Math floor ceil round "
    "max min abs sqrt pow random trunc sign log2 log10 PI Number isInteger String Boolean parseInt parseFloat isNaN Date now toISOString getTime getFullYear getMonth getDate getDay getHours "
    "toLocaleString toLocaleDateString Set Map has get set add size delete clear new const let var if else for in of while do return function typeof instanceof null undefined true false "
    "try catch finally throw Error TypeError message break continue switch case default async await void process argv stdout stderr write version versions platform arch cwd memoryUsage uptime hrtime "
    "exit require path dirname basename extname resolve relative normalize sep os EOL tmpdir cpus totalmem freemem hostname util inspect url URL URLSearchParams searchParams crypto createHash update digest "
    "randomBytes randomUUID randomInt Buffer byteLength Infinity NaN encodeURIComponent decodeURIComponent encodeURI decodeURI BigInt Symbol Promise all then isFinite env stdin node v8 Intl "
    "NumberFormat DateTimeFormat format structuredClone performance isDirectory isFile isSymbolicLink size mtime mtimeMs mode isBuffer endOfLine pathname hostname host protocol search origin".split()
)
WORDS: Mapping[str, frozenset[str]] = {"perl": _PERL, "ruby": _RUBY, "php": _PHP, "javascript": _JAVASCRIPT}
JS_MODULES = frozenset(
    f"{prefix}{name}"
    for prefix in ("", "node:")
    for name in ("fs", "path", "os", "util", "url", "crypto", "assert", "querystring")
)
JS_DENIED = frozenset("constructor __proto__ prototype caller callee arguments eval Function".split())

_JS_ACTS = {
    "readFileSync": "read", "readFile": "read", "existsSync": "read", "statSync": "read", "lstatSync": "read", "readdirSync": "read", "createReadStream": "read", "realpathSync": "read",
    "writeFileSync": "write", "writeFile": "write", "appendFileSync": "write", "appendFile": "write", "mkdirSync": "write", "mkdir": "write", "createWriteStream": "write", "truncateSync": "write",
    "unlinkSync": "delete", "unlink": "delete", "rmSync": "delete-deep", "rm": "delete-deep", "rmdirSync": "delete-deep", "rmdir": "delete-deep", "removeSync": "delete-deep", "rimraf": "delete-deep",
    "renameSync": "move", "rename": "move", "copyFileSync": "copy", "copyFile": "copy", "cpSync": "copy", "cp": "copy", "symlinkSync": "link", "symlink": "link", "linkSync": "link",
    "chmodSync": "mode", "chmod": "mode", "chownSync": "mode", "execSync": "shell", "exec": "shell", "spawn": "program", "spawnSync": "program", "execFileSync": "program", "execFile": "program",
    "fetch": "connect", "openSync": "write", "open": "write",
}  # fmt: skip
_FILE_ACTS = {"unlink": "delete", "rename": "move", "mkdir": "write", "rmdir": "delete", "symlink": "link", "link": "link", "chmod": "mode", "system": "shell", "exec": "shell", "glob": "pattern", "opendir": "read", "rmtree": "delete-deep", "remove_tree": "delete-deep", "make_path": "write", "mkpath": "write", "copy": "copy", "move": "move", "truncate": "write"}  # fmt: skip
_RUBY_ACTS = {
    **{f"File.{name}": act for name, act in {"read": "read", "readlines": "read", "foreach": "read", "exist?": "read", "size": "read", "file?": "read", "directory?": "read", "basename": "", "extname": "", "join": "join", "dirname": "", "write": "write", "delete": "delete", "unlink": "delete", "rename": "move", "symlink": "link", "chmod": "mode", "binread": "read", "binwrite": "write"}.items()},
    **{f"FileUtils.{name}": act for name, act in {"rm": "delete", "rm_f": "delete", "rm_r": "delete-deep", "rm_rf": "delete-deep", "remove_dir": "delete-deep", "remove_entry": "delete-deep", "remove_entry_secure": "delete-deep", "rmtree": "delete-deep", "mkdir_p": "write", "mkdir": "write", "touch": "write", "mv": "move", "cp": "copy", "cp_r": "copy", "ln_s": "link", "chmod_R": "mode", "chmod": "mode"}.items()},
    "CSV.read": "read", "CSV.foreach": "read", "CSV.table": "read", "YAML.load_file": "read", "JSON.load_file": "read", "IO.read": "read", "IO.readlines": "read",
    "Dir.glob": "pattern", "Dir.children": "read", "Dir.entries": "read", "Dir.mkdir": "write", "Dir.rmdir": "delete", "Dir.delete": "delete", "Dir.exist?": "read", "Dir.pwd": "", "Dir.home": "",
    "system": "shell", "exec": "shell", "spawn": "shell", "File.expand_path": "expand",
}  # fmt: skip
_PHP_ACTS = {"file_get_contents": "read", "file": "read", "file_exists": "read", "is_file": "read", "is_dir": "read", "filesize": "read", "filemtime": "read", "scandir": "read", "glob": "pattern", "file_put_contents": "write", "mkdir": "write", "touch": "write", "unlink": "delete", "rmdir": "delete", "rename": "move", "copy": "copy", "symlink": "link", "chmod": "mode", "system": "shell", "exec": "shell", "shell_exec": "shell", "passthru": "shell", "popen": "shell", "proc_open": "shell", "parse_ini_file": "read", "basename": "", "dirname": "", "realpath": ""}  # fmt: skip
ACTS: Mapping[str, Mapping[str, str]] = {
    "perl": _FILE_ACTS,
    "ruby": _RUBY_ACTS,
    "php": _PHP_ACTS,
    "javascript": _JS_ACTS,
}
"""Calls to what they do to their arguments. ``pattern`` is of names that are listed; empty is nothing."""
FOLLOWED: Mapping[str, frozenset[str]] = {
    "perl": frozenset({"unlink", "rename", "mkdir", "rmdir", "chmod", "symlink", "link"}),
    "ruby": frozenset(
        name
        for name, act in _RUBY_ACTS.items()
        if act in {"", "read", "write", "delete", "delete-deep", "move", "copy", "join"}
    ),
    "php": frozenset(
        {
            "file_get_contents",
            "file",
            "file_exists",
            "is_file",
            "is_dir",
            "filesize",
            "filemtime",
            "scandir",
            "file_put_contents",
            "mkdir",
            "touch",
            "unlink",
            "rename",
            "copy",
            "basename",
            "dirname",
            "parse_ini_file",
        }
    ),
    "javascript": frozenset(
        name
        for name in _JS_ACTS
        if name.endswith("Sync") and not name.startswith(("exec", "spawn", "open", "symlink", "link"))
    ),
}
"""Those of them that do just that when their arguments are known exactly."""
