//! The one list of all tokens, and the table of a file's tokens.
//!
//! The table is complete: blanks, comments and even the places where layout opens and closes
//! blocks are entries, so that the texts of all tokens together are the source, byte for byte.

use sepal_base::{FileId, Span};

/// Makes [`TokenKind`], its names and the keyword lookup from one list.
macro_rules! tokens {
    (
        special { $($(#[$sdoc:meta])* $special:ident $sname:literal)* }
        signs { $($sign:ident $stext:literal)* }
        keywords { $($keyword:ident $ktext:literal)* }
        contextual { $($context:ident $ctext:literal)* }
    ) => {
        /// What kind of token a piece of source is.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        #[repr(u8)]
        pub enum TokenKind {
            $($(#[$sdoc])* $special,)*
            $(#[doc = concat!("`", $stext, "`")] $sign,)*
            $(#[doc = concat!("`", $ktext, "`")] $keyword,)*
            $(#[doc = concat!("`", $ctext, "`, a word only in its place")] $context,)*
        }

        impl TokenKind {
            /// Every kind.
            pub const ALL: &[TokenKind] = &[
                $(TokenKind::$special,)* $(TokenKind::$sign,)*
                $(TokenKind::$keyword,)* $(TokenKind::$context,)*
            ];

            /// How it is called in messages: the spelling in back quotes, or a description.
            pub const fn describe(self) -> &'static str {
                match self {
                    $(TokenKind::$special => $sname,)*
                    $(TokenKind::$sign => concat!("`", $stext, "`"),)*
                    $(TokenKind::$keyword => concat!("`", $ktext, "`"),)*
                    $(TokenKind::$context => concat!("`", $ctext, "`"),)*
                }
            }

            /// Its only spelling, if it has just one.
            pub const fn spelling(self) -> Option<&'static str> {
                match self {
                    $(TokenKind::$special => None,)*
                    $(TokenKind::$sign => Some($stext),)*
                    $(TokenKind::$keyword => Some($ktext),)*
                    $(TokenKind::$context => Some($ctext),)*
                }
            }

            /// Whether it is a reserved word.
            pub const fn is_keyword(self) -> bool {
                match self {
                    $(TokenKind::$keyword => true,)*
                    $(TokenKind::$special => false,)*
                    $(TokenKind::$sign => false,)*
                    $(TokenKind::$context => false,)*
                }
            }

            const fn is_name_by_list(self) -> bool {
                match self {
                    $(TokenKind::$context => true,)*
                    $(TokenKind::$special => matches!(self, TokenKind::Ident),)*
                    $(TokenKind::$sign => false,)*
                    $(TokenKind::$keyword => false,)*
                }
            }
        }

        const WORDS: &[(&str, TokenKind)] = &[
            $(($ktext, TokenKind::$keyword),)*
            $(($ctext, TokenKind::$context),)*
        ];
    };
}

tokens! {
    special {
        /// The end of the file; always the last token, and empty.
        Eof "the end of the file"
        /// The end of a logical line. Empty where a bracket or the file ends the line.
        Newline "the end of the line"
        /// A block begins; empty.
        Indent "an indented block"
        /// A block ends; empty.
        Dedent "the end of the block"
        /// Blanks, and line ends that do not count.
        Whitespace "white space"
        /// `// …`
        Comment "a comment"
        /// `/// …`
        DocComment "a doc comment"
        /// `//! …`
        ModuleDoc "a module doc comment"
        /// Text that is no token; reported.
        Error "an invalid token"
        Ident "a name"
        Int "an integer"
        Float "a float"
        /// `'c'`
        Char "a character"
        /// `"…"` and `"""…"""`
        Str "a string"
        /// `r"…"` and `r"""…"""`
        RawStr "a string"
        /// `b"…"`
        Bytes "a byte string"
        /// `:name`
        Symbol "a symbol"
        /// `f"` and `f"""`
        FStringStart "an f-string"
        /// Text between the holes of an f-string, escapes and doubled braces included.
        FStringText "the text of an f-string"
        /// `{` in an f-string
        HoleStart "`{`"
        /// `:spec` before the end of a hole
        FormatSpec "a format specification"
        /// `}` in an f-string; empty if it was missing.
        HoleEnd "`}`"
        /// The closing quotes; empty if they were missing.
        FStringEnd "the end of the f-string"
    }
    signs {
        LParen "("  RParen ")"  LBracket "["  RBracket "]"  LBrace "{"  RBrace "}"
        Comma ","  Colon ":"  Dot "."  DotDot ".."  DotDotEq "..="  Arrow "->"  At "@"
        Question "?"  QuestionQuestion "??"  PipeGt "|>"
        Eq "="  PlusEq "+="  MinusEq "-="  StarEq "*="  SlashEq "/="  PercentEq "%="
        StarStarEq "**="  AmpEq "&="  PipeEq "|="  CaretEq "^="  LtLtEq "<<="  GtGtEq ">>="
        EqEq "=="  NotEq "!="  Lt "<"  LtEq "<="  Gt ">"  GtEq ">="
        Plus "+"  Minus "-"  Star "*"  Slash "/"  Percent "%"  StarStar "**"
        PlusPercent "+%"  MinusPercent "-%"  StarPercent "*%"
        Amp "&"  Pipe "|"  Caret "^"  Tilde "~"  LtLt "<<"  GtGt ">>"
        // Signs of other languages, known so that the message can name the right one.
        AmpAmp "&&"  PipePipe "||"  Bang "!"  PlusPlus "++"  Semicolon ";"  FatArrow "=>"
    }
    keywords {
        And "and"  As "as"  Assert "assert"  Async "async"  Await "await"  Break "break"
        Case "case"  Class "class"  Continue "continue"  Defer "defer"  Dyn "dyn"  Elif "elif"
        Else "else"  Enum "enum"  Extern "extern"  False "false"  Fn "fn"  For "for"  If "if"
        Impl "impl"  Import "import"  In "in"  Is "is"  Let "let"  Loop "loop"  Match "match"
        Nil "nil"  Not "not"  Or "or"  Pass "pass"  Pub "pub"  Receive "receive"
        Return "return"  SelfKw "self"  Spawn "spawn"  SpawnLink "spawn_link"
        SpawnMonitor "spawn_monitor"  Struct "struct"  Trait "trait"  True "true"  Underscore "_"  Var "var"
        While "while"  Yield "yield"
    }
    contextual {
        Actor "actor"  After "after"  Down "down"  Ensures "ensures"  EnsuresErr "ensures_err"
        Exit "exit"  From "from"  Invariant "invariant"  Of "of"  Old "old"
        Requires "requires"  Result "result"  SelfType "Self"  Terminate "terminate"  Type "type"  With "with"
    }
}

/// Which kinds can be names, for looking up: the parser asks at every other token.
static NAMES: [bool; 256] = {
    let mut names = [false; 256];
    let mut i = 0;
    while i < TokenKind::ALL.len() {
        let kind = TokenKind::ALL[i];
        names[kind as usize] = kind.is_name_by_list();
        i += 1;
    }
    names
};

/// The slots of the keyword table: a power of two, large enough that a factor without collisions
/// is found among the first hundreds.
const SLOTS: usize = 512;

/// First, second and last letter and the length tell all words apart.
#[inline]
const fn slot(word: &[u8], factor: u32) -> usize {
    let len = word.len();
    let second = if len > 1 { 1 } else { 0 };
    let key = word[0] as u32
        | (word[len - 1] as u32) << 8
        | (word[second] as u32) << 16
        | (len as u32) << 24;
    (key.wrapping_mul(factor) >> 23) as usize % SLOTS
}

/// A table without collisions, found by the compiler: slot → index into `WORDS` plus one.
const fn perfect_table() -> (u32, [u8; SLOTS]) {
    let mut factor = 0x9E37_79B1_u32;
    loop {
        let mut table = [0u8; SLOTS];
        let mut i = 0;
        while i < WORDS.len() {
            let at = slot(WORDS[i].0.as_bytes(), factor);
            if table[at] != 0 {
                break;
            }
            table[at] = i as u8 + 1;
            i += 1;
        }
        if i == WORDS.len() {
            return (factor, table);
        }
        factor = factor.wrapping_add(0x2_0002);
    }
}

const KEYWORDS: (u32, [u8; SLOTS]) = perfect_table();

impl TokenKind {
    /// The kind of a word: a keyword, a word of its place, or `Ident`.
    #[inline]
    pub fn of_word(word: &[u8]) -> TokenKind {
        static TABLE: [u8; SLOTS] = KEYWORDS.1;
        if word.is_empty() {
            return TokenKind::Ident;
        }
        let found = TABLE[slot(word, KEYWORDS.0)];
        if found == 0 {
            return TokenKind::Ident;
        }
        let (text, kind) = WORDS[found as usize - 1];
        if text.as_bytes() == word { kind } else { TokenKind::Ident }
    }

    /// Whether it can be a name: identifiers and the words of their places only.
    #[inline]
    pub fn is_name(self) -> bool {
        NAMES[self as usize]
    }

    /// Whether the parser steps over it.
    #[inline]
    pub const fn is_trivia(self) -> bool {
        matches!(
            self,
            TokenKind::Whitespace
                | TokenKind::Comment
                | TokenKind::DocComment
                | TokenKind::ModuleDoc
        )
    }

    /// Whether it is a word only in its place and a name elsewhere.
    #[inline]
    pub fn is_contextual(self) -> bool {
        self.is_name() && !matches!(self, TokenKind::Ident)
    }

    /// Whether it is a comment of any kind.
    #[inline]
    pub const fn is_comment(self) -> bool {
        matches!(self, TokenKind::Comment | TokenKind::DocComment | TokenKind::ModuleDoc)
    }

    /// Whether it only marks layout.
    pub const fn is_layout(self) -> bool {
        matches!(self, TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent)
    }

    /// Whether an operand may end with it, so that a `:` or `[` after it belongs to it.
    #[inline]
    pub fn ends_operand(self) -> bool {
        self.is_name()
            || matches!(
                self,
                TokenKind::Int
                    | TokenKind::Float
                    | TokenKind::Char
                    | TokenKind::Str
                    | TokenKind::RawStr
                    | TokenKind::Bytes
                    | TokenKind::Symbol
                    | TokenKind::FStringEnd
                    | TokenKind::Error
                    | TokenKind::RParen
                    | TokenKind::RBracket
                    | TokenKind::RBrace
                    | TokenKind::Question
                    | TokenKind::True
                    | TokenKind::False
                    | TokenKind::Nil
                    | TokenKind::SelfKw
                    | TokenKind::Underscore
            )
    }
}

/// A token: its end is the beginning of the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Token {
    pub kind: TokenKind,
    pub lo: u32,
}

/// All tokens of a file, the last one `Eof`.
#[derive(Clone, Debug)]
pub struct TokenTable {
    pub file: FileId,
    tokens: Vec<Token>,
}

impl TokenTable {
    pub(crate) fn new(file: FileId, tokens: Vec<Token>) -> TokenTable {
        debug_assert!(tokens.last().is_some_and(|t| t.kind == TokenKind::Eof));
        TokenTable { file, tokens }
    }

    /// The number of tokens, at least one.
    pub fn count(&self) -> usize {
        self.tokens.len()
    }

    pub fn as_slice(&self) -> &[Token] {
        &self.tokens
    }

    pub fn kind(&self, index: usize) -> TokenKind {
        self.tokens[index].kind
    }

    pub fn span(&self, index: usize) -> Span {
        let lo = self.tokens[index].lo;
        let hi = self.tokens.get(index + 1).map_or(lo, |next| next.lo);
        Span::new(self.file, lo, hi)
    }

    pub fn text<'s>(&self, index: usize, source: &'s str) -> &'s str {
        let span = self.span(index);
        &source[span.lo as usize..span.hi as usize]
    }

    /// The index of the first token that begins at `offset` or after it.
    pub fn at_offset(&self, offset: u32) -> usize {
        self.tokens.partition_point(|t| t.lo < offset).min(self.tokens.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_and_nothing_else() {
        for &(text, kind) in WORDS {
            assert_eq!(TokenKind::of_word(text.as_bytes()), kind);
            assert_eq!(kind.spelling(), Some(text));
            assert_eq!(TokenKind::of_word(format!("{text}s").as_bytes()), TokenKind::Ident);
        }
        for other in ["", "i", "iff", "x", "spawn_linked", "Result"] {
            assert_eq!(TokenKind::of_word(other.as_bytes()), TokenKind::Ident);
        }
    }
}
