%% Every process sends to random others and waits for each answer.
-module(big).
-export([main/1]).

-define(ACTORS, 120).

main(Args) ->
    Pings = bench:size(Args, 20000),
    bench:run(fun() ->
        Sink = self(),
        Numbers = lists:seq(0, ?ACTORS - 1),
        Members = [spawn_link(fun() -> start(Number, Pings, Sink) end) || Number <- Numbers],
        [Pid ! {all, list_to_tuple(Members)} || Pid <- Members],
        Answers = bench:sum(?ACTORS, 0),
        Answers = ?ACTORS * Pings,
        {2 * Answers, "~b actors: ~b answers~n", [?ACTORS, Answers]}
    end).

start(Number, Pings, Sink) ->
    receive
        {all, Others} ->
            Random = ask(Others, 0, Number * 16#9E3779B9 + 1),
            member(Others, 0, Random, Pings, Sink)
    end.

member(Others, Answered, Random, Pings, Sink) ->
    receive
        {ping, From, N} ->
            From ! {pong, N},
            member(Others, Answered, Random, Pings, Sink);
        {pong, Answered} when Answered + 1 < Pings ->
            Next = ask(Others, Answered + 1, Random),
            member(Others, Answered + 1, Next, Pings, Sink);
        {pong, Answered} ->
            Sink ! Answered + 1,
            member(Others, Answered + 1, Random, Pings, Sink)
    end.

%% A linear congruential generator whose states are small integers.
ask(Others, N, Random) ->
    Next = (Random * 1103515245 + 12345) band 16#3FFFFFF,
    element((Next bsr 8) rem ?ACTORS + 1, Others) ! {ping, self(), N},
    Next.
