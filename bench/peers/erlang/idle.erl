%% Processes that wait for a message; see bench/actors/idle.spl.
-module(idle).
-export([main/1]).

main(Args) ->
    Actors = bench:size(Args, 1000000),
    bench:finish(fun() ->
        stop_here(),
        Me = self(),
        Pids = [spawn(fun() -> waiting(N, Me) end) || N <- lists:seq(0, Actors - 1)],
        Actors = bench:sum(Actors, 0),
        stop_here(),
        [Pid ! {question, 1} || Pid <- Pids],
        Sum = bench:sum(Actors, 0),
        Sum = Actors * (Actors + 1) div 2,
        io:format("~b idle: ~b~n", [Actors, Sum])
    end).

waiting(N, To) ->
    To ! 1,
    receive
        {question, Question} -> To ! N + Question
    end.

%% Lets somebody look.
stop_here() ->
    io:format("ready~n"),
    io:get_line("").
