//! The canonical layout of a program.
//!
//! Works on the token table: where lines break is the author's choice and stays, how they are
//! indented and what stands between two tokens is decided here. Comments and blank lines stay.
//!
//! Must never change the program: the result has the same tokens, blocks included, and the same
//! comments. This is checked before the result is given out.

mod spacing;
#[cfg(test)]
mod tests;

use crate::token::{TokenKind, TokenTable};
use sepal_base::{Diagnostic, Diagnostics, FileId, Severity, Span, codes};
use spacing::{Around, Spacing};

/// One level of indentation.
const STEP: usize = 4;

/// The canonical form of `source`, or what is wrong with it.
pub fn format(file: FileId, source: &str) -> Result<String, Diagnostics> {
    let parsed = crate::parse(file, source);
    // Tabs in the indentation are wrong, but it is plain what they mean: they are replaced.
    let readable =
        |d: &Diagnostic| d.severity() == Severity::Warning || d.code == codes::TAB_INDENT;
    if !parsed.diagnostics.iter().all(readable) {
        return Err(parsed.diagnostics);
    }
    let mut printer = Printer {
        source,
        tokens: &parsed.tokens,
        out: String::with_capacity(source.len() + source.len() / 8),
        open: vec![Open::Block { indent: 0, source_col: 0 }],
        breaks: 0,
        line_indent: 0,
        last: 0,
        line_ended: true,
        behind_comment: false,
        after_header: false,
        spacing: Spacing::default(),
    };
    printer.run();
    let formatted = printer.out;
    match first_difference(file, source, &parsed.tokens, &formatted) {
        None => Ok(formatted),
        Some(span) => {
            let mut diagnostics = parsed.diagnostics;
            diagnostics.push(refusal(span));
            Err(diagnostics)
        }
    }
}

fn refusal(span: Span) -> Diagnostic {
    Diagnostic::new(codes::FORMAT_REFUSED, span, "formatting would have changed the program here")
        .note("this is a mistake of the formatter; the file was left as it is")
}

/// Where the meaning of the formatted text begins to differ.
fn first_difference(
    file: FileId,
    source: &str,
    tokens: &TokenTable,
    formatted: &str,
) -> Option<Span> {
    let new_tokens = crate::lexer::lex(file, formatted, &mut Diagnostics::new());
    let significant = |table: &TokenTable| -> Vec<usize> {
        (0..table.count()).filter(|&i| table.kind(i) != TokenKind::Whitespace).collect()
    };
    let (old, new) = (significant(tokens), significant(&new_tokens));
    let text = |table: &TokenTable, index: usize, source: &str| {
        let layout = table.kind(index).is_layout();
        if layout { String::new() } else { table.text(index, source).trim_end().to_owned() }
    };
    // Comments may change sides with the end of the block before them; all else keeps its order.
    let (old_code, old_comments): (Vec<usize>, Vec<usize>) =
        old.into_iter().partition(|&i| !tokens.kind(i).is_comment());
    let (new_code, new_comments): (Vec<usize>, Vec<usize>) =
        new.into_iter().partition(|&i| !new_tokens.kind(i).is_comment());
    for (olds, news) in [(old_code, new_code), (old_comments, new_comments)] {
        for (n, &i) in olds.iter().enumerate() {
            let same = news.get(n).is_some_and(|&j| {
                tokens.kind(i) == new_tokens.kind(j)
                    && text(tokens, i, source) == text(&new_tokens, j, formatted)
            });
            if !same {
                return Some(tokens.span(i));
            }
        }
        if news.len() > olds.len() {
            return Some(tokens.span(tokens.count() - 1));
        }
    }
    None
}

/// Something open around the current token.
#[derive(Clone, Copy)]
enum Open {
    Block {
        indent: usize,
        /// The column of its lines in the source.
        source_col: usize,
    },
    Bracket {
        /// Where lines in the bracket begin.
        content: usize,
        /// Where a line that begins with its closing sign begins.
        close: usize,
        /// A block in the bracket has just ended: what follows lies left of its lines.
        left_of: Option<usize>,
    },
}

struct Printer<'a> {
    source: &'a str,
    tokens: &'a TokenTable,
    out: String,
    open: Vec<Open>,
    /// Line ends of the source since the last token.
    breaks: usize,
    /// The indentation of the line that is being printed.
    line_indent: usize,
    /// The last token that was printed, other than a comment.
    last: usize,
    /// Whether a logical line has ended since the last token.
    line_ended: bool,
    /// Whether a comment has been printed since the last token.
    behind_comment: bool,
    /// Whether the last token was the colon of a header whose block follows.
    after_header: bool,
    spacing: Spacing,
}

impl Printer<'_> {
    fn run(&mut self) {
        let mut index = 0;
        while index < self.tokens.count() {
            let kind = self.tokens.kind(index);
            match kind {
                TokenKind::Whitespace => {
                    self.breaks += self.text(index).matches('\n').count();
                }
                TokenKind::Newline => {
                    self.breaks += self.text(index).len();
                    self.line_ended = true;
                }
                TokenKind::Indent => self.begin_block(index),
                TokenKind::Dedent => self.end_block(),
                TokenKind::Eof => break,
                _ if kind.is_comment() => self.comment(index),
                TokenKind::FStringStart => index = self.fstring(index),
                _ => self.token(index),
            }
            index += 1;
        }
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn text(&self, index: usize) -> &str {
        self.tokens.text(index, self.source)
    }

    /// The column of a token in the source, in bytes.
    fn source_col(&self, index: usize) -> usize {
        let at = self.tokens.span(index).lo as usize;
        at - self.source[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    fn begin_block(&mut self, index: usize) {
        let source_col = self.source_col(index);
        self.open.push(Open::Block { indent: self.block_indent(), source_col });
    }

    /// The indentation of a block that opens now.
    fn block_indent(&self) -> usize {
        match self.open.last() {
            Some(Open::Block { indent, .. }) => indent + STEP,
            // Within brackets it hangs on the line of its header.
            Some(Open::Bracket { .. }) | None => self.line_indent + STEP,
        }
    }

    fn end_block(&mut self) {
        if let Some(Open::Block { indent, .. }) = self.open.pop()
            && let Some(Open::Bracket { left_of, .. }) = self.open.last_mut()
        {
            *left_of = Some(indent);
        }
    }

    /// Prints what stands before a token other than a comment.
    fn lead_up(&mut self, index: usize, kind: TokenKind) {
        let in_bracket = matches!(self.open.last(), Some(Open::Bracket { .. }));
        let behind_colon = in_bracket && !self.line_ended && self.spacing.behind_colon();
        if behind_colon && !self.behind_comment {
            // A deeper line behind a colon would open a block.
            self.breaks = 0;
        }
        if self.begins_line() {
            let indent =
                if behind_colon { self.statement_indent() } else { self.indentation(kind) };
            self.new_line(indent);
        } else if self.spacing.before(kind, self.around(index)) || self.would_merge(index) {
            self.out.push(' ');
        }
    }

    /// Whether a sign, right behind the last token, would make another sign with it: `..` and `=`, `?` and `?`.
    fn would_merge(&self, index: usize) -> bool {
        let (last, text) = (self.text(self.last), self.text(index));
        let may_merge = |c: Option<&u8>| {
            c.is_some_and(|c| c.is_ascii_punctuation() && !b"()[]{},\"_".contains(c))
        };
        if !may_merge(last.as_bytes().last()) || !may_merge(text.as_bytes().first()) {
            return false;
        }
        let both = format!("{last}{text}");
        let tokens = crate::lexer::lex(FileId(0), &both, &mut Diagnostics::new());
        tokens.text(0, &both) != last
    }

    /// Prints a token other than a comment.
    fn token(&mut self, index: usize) {
        let kind = self.tokens.kind(index);
        self.lead_up(index, kind);
        let text = self.tokens.text(index, self.source);
        self.out.push_str(text);
        self.finish(index, kind);
    }

    /// An f-string is printed as it is: blanks in it may count. Gives the index of its last token.
    fn fstring(&mut self, index: usize) -> usize {
        self.lead_up(index, TokenKind::FStringStart);
        let mut depth = 0usize;
        let mut last = index;
        loop {
            match self.tokens.kind(last) {
                TokenKind::FStringStart => depth += 1,
                TokenKind::FStringEnd => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            last += 1;
        }
        let (lo, hi) = (self.tokens.span(index).lo as usize, self.tokens.span(last).hi as usize);
        self.out.push_str(&self.source[lo..hi]);
        self.finish(last, TokenKind::FStringEnd);
        last
    }

    fn begins_line(&self) -> bool {
        self.breaks > 0 || self.out.is_empty()
    }

    /// Whether the source has a blank before the token.
    fn source_gap(&self, index: usize) -> bool {
        index < self.tokens.count()
            && index > 0
            && self.tokens.kind(index - 1) == TokenKind::Whitespace
    }

    /// The indentation of a line that begins with a token of this kind.
    fn indentation(&self, kind: TokenKind) -> usize {
        match self.open.last() {
            Some(Open::Block { indent, .. }) if self.line_ended => *indent,
            // `.name` and `|>`
            Some(Open::Block { indent, .. }) => indent + STEP,
            Some(Open::Bracket { close, .. }) if is_closing(kind) => *close,
            Some(Open::Bracket { content, left_of: Some(block), .. }) => {
                (*content).min(block.saturating_sub(STEP))
            }
            Some(Open::Bracket { content, left_of: None, .. }) => *content,
            None => 0,
        }
    }

    /// The indentation of the statement around all open brackets of the innermost block.
    fn statement_indent(&self) -> usize {
        let indents = self.open.iter().rev().filter_map(|open| match open {
            Open::Block { indent, .. } => Some(*indent),
            Open::Bracket { .. } => None,
        });
        indents.take(1).sum()
    }

    /// Ends the line, keeps some of the blank lines, and indents.
    fn new_line(&mut self, indent: usize) {
        if !self.out.is_empty() {
            let most = if self.after_header {
                0
            } else if self.open.len() == 1 {
                2
            } else {
                1
            };
            let blank = self.breaks.saturating_sub(1).min(most);
            self.out.extend(std::iter::repeat_n('\n', 1 + blank));
        }
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.line_indent = indent;
        self.spacing.begin_line();
    }

    /// Notes what a token opens or closes.
    fn finish(&mut self, index: usize, kind: TokenKind) {
        if let Some(Open::Bracket { left_of, .. }) = self.open.last_mut()
            // The one that ends a block stands behind its last line.
            && kind != TokenKind::Comma
        {
            *left_of = None;
        }
        if is_opening(kind) {
            let line = self.line_indent;
            self.open.push(Open::Bracket { content: line + STEP, close: line, left_of: None });
        } else if is_closing(kind) {
            self.open.pop();
        }
        self.last = index;
        self.breaks = 0;
        self.line_ended = false;
        self.behind_comment = false;
        self.after_header = kind == TokenKind::Colon && self.followed_by(index, TokenKind::Newline);
        self.spacing.after(kind, self.around(index));
    }

    fn followed_by(&self, index: usize, kind: TokenKind) -> bool {
        self.around(index).next == kind
    }

    fn around(&self, index: usize) -> Around {
        let mut rest = (index + 1..self.tokens.count()).map(|i| self.tokens.kind(i));
        Around {
            gap_before: self.source_gap(index),
            gap_after: self.source_gap(index + 2),
            next: rest.find(|kind| !kind.is_trivia()).unwrap_or(TokenKind::Eof),
        }
    }

    fn comment(&mut self, index: usize) {
        if self.begins_line() {
            let indent = self.comment_indentation(index);
            self.new_line(indent);
        } else {
            // Behind code: the author's distance stays, since such comments are often aligned.
            let gap = if self.source_gap(index) { self.text(index - 1) } else { " " };
            let gap = gap.replace('\t', " ");
            self.out.push_str(&gap);
        }
        let text = self.tokens.text(index, self.source).trim_end();
        self.out.push_str(text);
        self.breaks = 0;
        self.behind_comment = true;
        // The block's first line may still come, with blank lines of its own.
        self.after_header = false;
    }

    /// A comment on its own line goes with the line that follows. Where blocks end there, its
    /// column in the source tells to which of them it belongs.
    fn comment_indentation(&self, index: usize) -> usize {
        let layout = (index + 1..self.tokens.count())
            .map(|i| self.tokens.kind(i))
            .filter(|kind| !kind.is_trivia())
            .take_while(|kind| matches!(kind, TokenKind::Indent | TokenKind::Dedent));
        let (mut opens, mut closes) = (false, 0);
        for kind in layout {
            match kind {
                TokenKind::Indent => opens = true,
                _ => closes += 1,
            }
        }
        if opens {
            return self.block_indent();
        }
        let col = self.source_col(index);
        let candidates = self.open.iter().rev().take(closes + 1);
        let mut indent = self.indentation(TokenKind::Comment);
        for open in candidates {
            match *open {
                Open::Block { indent: block, source_col } => {
                    if self.line_ended {
                        indent = block;
                    }
                    if source_col <= col {
                        break;
                    }
                }
                Open::Bracket { content, .. } => {
                    if closes > 0 {
                        indent = content;
                    }
                    break;
                }
            }
        }
        indent
    }
}

fn is_opening(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::LParen | TokenKind::LBracket | TokenKind::LBrace)
}

fn is_closing(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::RParen | TokenKind::RBracket | TokenKind::RBrace)
}
