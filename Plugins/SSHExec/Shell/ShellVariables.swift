/// Variables by which shells and common programs choose what they run.
enum ShellVariables {
    private static let names: Set<String> = [
        // Shells.
        "PATH", "IFS", "ENV", "BASH_ENV", "ZDOTDIR", "SHELLOPTS", "BASHOPTS", "PS0", "PS1", "PS2", "PS3", "PS4",
        "PROMPT", "PROMPT2", "PROMPT3", "PROMPT4", "RPROMPT", "RPS1", "SPROMPT", "PROMPT_COMMAND", "POSTEDIT", "FPATH",
        "NULLCMD", "READNULLCMD", "CDPATH", "HOME", "SHELL", "FCEDIT", "HISTFILE", "EXECIGNORE", "BASH_CMDS",
        "BASH_ALIASES", "BASH_LOADABLES_PATH", "BASH_COMPAT", "BASH_XTRACEFD", "POSIXLY_CORRECT", "EXECSHELL",
        "HISTCHARS", "histchars", "KEYTIMEOUT", "path", "fpath", "cdpath", "module_path", "MODULE_PATH", "commands",
        "functions", "aliases", "galiases", "saliases", "dis_aliases", "dis_functions", "builtins", "reswords",
        "options", "prompt", "precmd_functions", "preexec_functions", "chpwd_functions", "zshexit_functions",
        "periodic_functions", "zshaddhistory_functions", "nameddirs", "userdirs", "TMPPREFIX", "ARGV0", "STTY",
        // Programs that start others.
        "PAGER", "MANPAGER", "SYSTEMD_PAGER", "EDITOR", "VISUAL", "SUDO_EDITOR", "SYSTEMD_EDITOR", "BROWSER",
        "MANROFFOPT", "MANOPT", "MANPATH", "LESS", "LESSOPEN", "LESSCLOSE", "LESSKEY", "LESSEDIT", "MORE",
        "TAR_OPTIONS",
        "TAPE", "GZIP", "XZ_OPT", "MAKEFLAGS", "MAKEFILES", "MAKESHELL", "GNUMAKEFLAGS", "MFLAGS", "SUDO_ASKPASS",
        "SSH_ASKPASS", "SSH_SK_HELPER", "RSH", "CVS_RSH", "SVN_SSH", "FIND_BLOCK_SIZE", "TMUX", "TMPDIR",
        "NODE_OPTIONS",
        "NODE_PATH", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH", "GCONV_PATH", "LOCPATH",
        "NLSPATH", "GETCONF_DIR", "HOSTALIASES", "TERMINFO", "TERMCAP", "TERMINFO_DIRS", "XDG_CONFIG_HOME",
        "XDG_CONFIG_DIRS", "XDG_DATA_DIRS", "XDG_DATA_HOME", "OPENSSL_CONF", "OPENSSL_ENGINES", "OPENSSL_MODULES",
        "GNUPGHOME", "WGETRC", "CURL_HOME", "GREP_OPTIONS", "AWKPATH", "AWKLIBPATH", "TCLLIBPATH", "R_PROFILE",
        "APT_CONFIG", "DPKG_ROOT", "DOCKER_CONFIG", "DOCKER_HOST", "KUBECONFIG", "KUBE_EDITOR", "PSQL_EDITOR",
        "PSQL_PAGER", "SYSTEMD_LESS", "BAT_PAGER", "LOGNAME", "PARALLEL", "PARALLEL_SHELL", "XDG_RUNTIME_DIR",
    ]

    private static let families = [
        "LD_", "DYLD_", "GIT_", "PERL", "PYTHON", "RUBY", "GEM_", "BUNDLE_", "RSYNC_", "BASH_FUNC_", "NPM_CONFIG_",
        "npm_config_", "MALLOC_", "GLIBC_", "GLIBCXX_", "LUA_", "PHP", "ANSIBLE_", "TEXMF", "CARGO_", "RUSTC", "GTK_",
        "QT_", "FAKEROOT", "FAKECHROOT", "RIPGREP_CONFIG", "FZF_",
    ]

    /// Of the families, these say nothing about programs.
    private static let harmless = ["GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_TERMINAL_PROMPT", "PYTHONUNBUFFERED"]

    static func changesWhatRuns(_ name: String) -> Bool {
        func begins(with prefix: String) -> Bool { name.utf8.starts(with: prefix.utf8) }
        if names.contains(name) { return true }
        return families.contains(where: begins) && !harmless.contains(where: begins)
    }
}
