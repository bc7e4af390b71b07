"""Names of Python's standard library by what calling them does. Only names that are listed are taken to be harmless."""

from sys import stdlib_module_names

BUILTINS = frozenset(
    "print open len str int float list dict set tuple sorted range enumerate zip map filter sum min max any all abs round repr ord chr hex oct "
    "bin bytes bytearray isinstance issubclass type format reversed input iter next hash id divmod pow slice bool frozenset complex ascii "
    "callable hasattr getattr exec eval compile __import__ globals locals vars dir setattr delattr breakpoint memoryview object super property "
    "staticmethod classmethod exit quit help copyright credits license NotImplemented Exception BaseException ValueError TypeError KeyError "
    "IndexError OSError IOError FileNotFoundError FileExistsError PermissionError RuntimeError StopIteration SystemExit KeyboardInterrupt "
    "AssertionError AttributeError NotImplementedError UnicodeDecodeError UnicodeEncodeError ZeroDivisionError ImportError NameError EOFError "
    "ArithmeticError LookupError ConnectionError TimeoutError UnicodeError Warning UserWarning DeprecationWarning ModuleNotFoundError "
    "IsADirectoryError NotADirectoryError MemoryError OverflowError RecursionError SyntaxError GeneratorExit BrokenPipeError".split()
)
OPAQUE_BUILTINS = frozenset(
    "exec eval compile __import__ globals locals vars setattr delattr breakpoint super property help staticmethod classmethod".split()
)
PRELOADED = frozenset(
    "sys builtins os posix posixpath genericpath stat abc codecs encodings io site time marshal zipimport _thread errno".split()
)
"""Loaded before the first line is read: no directory can put another one in their place."""
ACTS_WHEN_IMPORTED = frozenset({"antigravity", "idlelib", "lib2to3", "turtledemo", "test"})
PURE_MODULES = frozenset(
    "json re math datetime time collections itertools functools string textwrap random statistics decimal fractions hashlib base64 binascii uuid "
    "pprint csv html difflib typing dataclasses enum struct unicodedata calendar secrets operator copy shlex bisect heapq numbers "
    "types abc platform urllib.parse contextlib __future__ keyword locale array colorsys zlib gzip bz2 lzma ast tokenize "
    "tomllib fnmatch errno stat warnings traceback graphlib cmath hmac ipaddress queue sched symtable token "
    "argparse sys os os.path pathlib shutil glob subprocess tempfile io html.entities xml.sax.saxutils email.utils "
    "importlib.metadata importlib.util sysconfig collections.abc concurrent logging getpass quopri mimetypes zoneinfo posixpath".split()
)
"""Modules whose functions only compute, but for those that the tables below name."""
NOT_PURE = frozenset(
    "functools.singledispatch functools.partial gzip.open bz2.open lzma.open types.FunctionType types.LambdaType types.CodeType types.ModuleType "
    "traceback.print_exc contextlib.ExitStack contextlib.AsyncExitStack contextlib.chdir contextlib.closing contextlib.contextmanager "
    "sys.settrace sys.setprofile sys.path sys.modules sys.meta_path sys.path_hooks sys.displayhook sys.excepthook "
    "locale.setlocale sys.addaudithook sys._getframe argparse.FileType typing.get_type_hints "
    "typing.ForwardRef gzip.GzipFile bz2.BZ2File lzma.LZMAFile tokenize.open io.FileIO io.open io.open_code io.BufferedWriter time.clock_settime "
    "time.clock_settime_ns dataclasses.make_dataclass collections.namedtuple operator.call operator.methodcaller operator.attrgetter "
    "operator.setitem operator.delitem uuid.main ast.main calendar.main base64.main base64.test gzip.main random.main tokenize.main json.main "
    "importlib.util.module_from_spec importlib.util.spec_from_file_location importlib.util.find_spec importlib.util.spec_from_loader "
    "importlib.util.LazyLoader importlib.metadata.entry_points importlib.metadata.files getpass.getpass types.resolve_bases types.new_class "
    "types.prepare_class logging.config logging.FileHandler logging.basicConfig logging.handlers logging.setLoggerClass "
    "logging.makeLogRecord shlex.shlex copy.copy copy.deepcopy mimetypes.init mimetypes.read_mime_types sysconfig.main".split()
)
READS = frozenset(
    "os.listdir os.scandir os.stat os.lstat os.access os.readlink os.walk os.open os.fwalk glob.glob glob.iglob os.statvfs os.getxattr "
    "os.listxattr linecache.getline linecache.getlines filecmp.cmp filecmp.cmpfiles os.pathconf".split()
)
DELETES = frozenset("os.remove os.unlink os.rmdir os.removedirs".split())
MOVES = frozenset("os.rename os.replace os.renames shutil.move".split())
COPIES = frozenset(
    "shutil.copy shutil.copy2 shutil.copyfile shutil.copytree shutil.copymode shutil.copystat".split()
)
MODES = frozenset(
    "os.chmod os.chown os.lchown os.lchmod os.utime shutil.chown os.setxattr os.removexattr os.chflags".split()
)
MAKES = frozenset("os.mkdir os.makedirs os.mkfifo os.mknod os.truncate".split())
LINKS = frozenset("os.symlink os.link".split())
RUNS = frozenset(
    "subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen".split()
)
SHELLS = frozenset(
    "os.system os.popen subprocess.getoutput subprocess.getstatusoutput commands.getoutput".split()
)
OPENS = frozenset(
    "gzip.open bz2.open lzma.open io.open codecs.open tokenize.open fileinput.input gzip.GzipFile bz2.BZ2File lzma.LZMAFile".split()
)
ARCHIVES = {
    "zipfile.ZipFile": "zip",
    "zipfile.PyZipFile": "zip",
    "tarfile.open": "tar",
    "tarfile.TarFile": "tar",
    "tarfile.TarFile.open": "tar",
}
DOCUMENTS = frozenset(
    "xml.etree.ElementTree.parse xml.etree.ElementTree.iterparse xml.dom.minidom.parse configparser.ConfigParser configparser.RawConfigParser "
    "xml.etree.ElementTree.ElementTree plistlib.load ".split()
)
OS_DATA = frozenset(
    "getcwd getcwdb getenv getpid getppid getuid getgid geteuid getegid getlogin uname cpu_count urandom sep linesep pathsep curdir pardir extsep "
    "name devnull get_terminal_size fspath fsencode fsdecode strerror times getloadavg umask isatty fstat environ path getgroups getpgid "
    "error DirEntry F_OK R_OK W_OK X_OK O_RDONLY O_WRONLY O_RDWR O_CREAT O_APPEND O_TRUNC O_EXCL close write read fsync dup SEEK_SET SEEK_END "
    "sched_getaffinity process_cpu_count get_exec_path WNOHANG wait waitpid WEXITSTATUS WIFEXITED pipe lseek sysconf supports_follow_symlinks".split()
)
SHUTIL_DATA = frozenset(
    "which disk_usage get_terminal_size ignore_patterns Error copyfileobj SameFileError".split()
)
SUBPROCESS_DATA = frozenset(
    "PIPE STDOUT DEVNULL list2cmdline CalledProcessError TimeoutExpired SubprocessError CompletedProcess".split()
)
PATH_READS = frozenset(
    "read_text read_bytes exists is_file is_dir is_symlink stat lstat iterdir glob rglob owner group samefile readlink walk is_mount".split()
)
PATH_PARTS = frozenset(
    "name stem suffix suffixes parts drive root anchor as_posix as_uri is_absolute match relative_to is_relative_to".split()
)
PATH_SAME = frozenset("resolve absolute expanduser".split())
PATH_CLASSES = frozenset("pathlib.Path pathlib.PosixPath pathlib.PurePath pathlib.PurePosixPath".split())
INNARDS = frozenset(
    "gi_frame cr_frame ag_frame tb_frame tb_next f_globals f_locals f_builtins f_back f_code gi_code cr_code func_globals func_code im_func".split()
)
CLASSES = frozenset(
    "datetime.datetime datetime.date datetime.time datetime.timedelta datetime.timezone decimal.Decimal fractions.Fraction uuid.UUID "
    "collections.OrderedDict collections.Counter collections.defaultdict itertools.chain string.Template enum.Enum "
    "dict str bytes int list float set bytearray tuple frozenset".split()
)
OS_PATH = frozenset(
    "join expanduser abspath realpath normpath dirname basename exists lexists isfile isdir islink ismount isabs getsize getmtime getatime getctime "
    "split splitext splitdrive commonpath commonprefix relpath samefile expandvars sep".split()
)
SYS = frozenset(
    "sys.exit sys.getsizeof sys.getrecursionlimit sys.setrecursionlimit sys.version sys.version_info sys.platform sys.stdout sys.stderr sys.stdin "
    "sys.stdin.buffer sys.intern sys.maxsize sys.getdefaultencoding sys.stdout.flush sys.stderr.write sys.stderr.flush sys.argv sys.executable "
    "sys.byteorder sys.stdout.buffer sys.stdout.buffer.flush sys.stdin.fileno sys.stdout.fileno sys.stdin.isatty sys.stdout.isatty "
    "sys.stdout.reconfigure sys.stdin.reconfigure sys.stderr.reconfigure sys.float_info sys.implementation sys.prefix sys.base_prefix "
    "sys.exc_info sys.getfilesystemencoding sys.flags sys.hexversion sys.stdout.encoding sys.maxunicode sys.builtin_module_names "
    "sys.stdlib_module_names sys.getrefcount sys.version_info.major sys.version_info.minor sys.stdin.encoding".split()
)
DATA_METHODS = frozenset(
    # text and bytes
    "join strip lstrip rstrip lower upper casefold replace split rsplit splitlines decode encode format format_map removeprefix removesuffix title "
    "capitalize swapcase partition rpartition hex startswith endswith find rfind index rindex count isdigit isalpha isalnum isspace isupper islower "
    "isidentifier isnumeric isdecimal istitle isprintable isascii zfill ljust rjust center expandtabs translate maketrans fromhex "
    # lists, sets and dictionaries
    "append extend insert pop sort reverse clear items keys values get setdefault popitem add discard remove union intersection difference "
    "symmetric_difference issubset issuperset isdisjoint fromkeys most_common elements subtract popleft appendleft extendleft rotate move_to_end "
    # files and streams
    "read readline readlines write writelines close flush seek tell fileno isatty seekable readable writable truncate read1 readinto getvalue getbuffer detach "
    # regular expressions, dates, numbers
    "match search fullmatch findall finditer sub subn group groups groupdict span start end expand strftime isoformat date time timestamp timetuple "
    "weekday isoweekday isocalendar astimezone total_seconds utctimetuple utcoffset tzname toordinal ctime bit_length to_bytes as_integer_ratio is_integer "
    "quantize normalize to_integral_value conjugate limit_denominator "
    # digests, tables, arguments
    "update digest hexdigest writerow writerows writeheader add_argument parse_args parse_known_args add_subparsers add_parser set_defaults print_help "
    "print_usage format_help format_usage add_argument_group add_mutually_exclusive_group error safe_substitute substitute compare ratio get_matching_blocks "
    "get_opcodes randint choice choices sample shuffle random uniform gauss seed wrap fill pprint pformat "
    # processes and connections that were said when they were opened
    "communicate wait poll terminate check_returncode getcode geturl info getheader getheaders tobytes tolist release cast "
    # trees of documents
    "iter itertext getchildren getroot findtext iterfind getElementsByTagName toxml toprettyxml sections options has_option has_section getint getfloat "
    "getboolean hosts supernet subnet subnets with_traceback add_note debug warning critical exception log isEnabledFor".split()
)
"""What text, numbers, containers, files and their like have. ``replace``, ``copy`` and ``get`` of a module are no method of data."""
DATA_ATTRIBUTES = frozenset({"copy"})
TEXTS = frozenset(
    "sys.path sys.version_info sys.flags sys.builtin_module_names sys.stdlib_module_names sys.orig_argv sys.float_info".split()
)
"""Whose elements are texts and numbers."""
READ_ONLY = frozenset(
    "print len str repr sum min max any all sorted enumerate zip map filter reversed iter list tuple set dict frozenset isinstance type bool range "
    "json.dumps json.dump os.path.join subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen open hash id "
    "pprint.pprint pprint.pformat shlex.join statistics.mean statistics.median math.fsum math.prod textwrap.dedent csv.writer csv.reader csv.DictWriter "
    "csv.DictReader itertools.chain collections.Counter collections.defaultdict random.choice random.sample hasattr callable format".split()
)
"""Functions that leave the lists and dictionaries they are given as they are."""


def computes(name: str) -> bool:
    """Whether calling ``name`` does nothing but compute. Modules hold other modules: ``glob.os.system`` is none of ``glob``'s functions."""
    module, _, rest = name.rpartition(".")
    if name in NOT_PURE or rest.startswith("_") or rest == "main":
        return False
    if (
        rest in stdlib_module_names
        and rest != module.rpartition(".")[2]
        and rest not in {"time", "array", "random", "select", "copy", "token"}
    ):
        return False
    match module:
        case "os":
            return rest in OS_DATA
        case "os.environ":
            return rest in {"get", "keys"}
        case "shutil":
            return rest in SHUTIL_DATA
        case "subprocess":
            return rest in SUBPROCESS_DATA
        case "tempfile":
            return rest in {"gettempdir", "gettempprefix"}
        case "pathlib":
            return False
        case "logging":
            return (
                rest
                in {
                    "debug",
                    "info",
                    "warning",
                    "error",
                    "critical",
                    "exception",
                    "log",
                    "getLogger",
                    "disable",
                    "getLevelName",
                    "Formatter",
                    "StreamHandler",
                }
                or rest.isupper()
            )
        case "copy":
            return False
        case "sys":
            return name in SYS
        case _ if name.startswith("sys."):
            return name in SYS
        case _:
            return module in PURE_MODULES or module in CLASSES


def is_harmless(name: str) -> bool:
    """Whether whoever is handed this function can do no more with it than compute."""
    if name in BUILTINS:
        return name not in OPAQUE_BUILTINS and name not in {"open", "getattr"}
    return computes(name) or (name.startswith("os.path.") and name.removeprefix("os.path.") in OS_PATH)
