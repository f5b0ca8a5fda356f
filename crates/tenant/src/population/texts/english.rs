//! English.
use super::Texts;

pub(super) const EN_US: Texts = Texts {
    locale: "en-us",
    typed: &[
        "What should be on my radar about {topic} this week?",
        "draft an email to {name} asking for an update on {topic}, keep it short and friendly",
        "Can you compare the numbers in {file} with last quarter and tell me what changed?",
        "who knows about {topic} in our team",
        "Write {n} bullet points for my status update on {topic}",
        "explain {topic} to me like I'm new here",
        "make it shorter",
        "ok now turn that into a table with owner and due date",
        "What did {name} say about {topic} in yesterday's meeting?",
        "help me prep for my 1:1 with {name}, I want to bring up {topic}",
    ],
    labels: &["Summarize thread", "Summarize this document", "Recap the meeting", "List action items", "What's the latest from my manager?", "Draft a reply"],
    summary: "Summarize this document",
    topics: &["the Q3 budget", "customer onboarding", "the data center migration", "the hiring plan", "our pricing model", "the security audit", "the Fabrikam contract", "travel expenses"],
    files: &["Budget FY26", "Project Plan v7", "Customer Feedback", "Board Deck final FINAL", "Sales Pipeline"],
    sentences: &[
        "Here is what I found about {topic} in your recent files and messages.",
        "{name} asked for a decision by Friday and shared {file} with the group.",
        "The figures rose by {n} percent compared with the previous period.",
        "There are {n} open tasks, and none of them is overdue.",
        "In the meeting, the team agreed to review {topic} again in two weeks.",
        "You may want to double-check the numbers before sending this out.",
        "**Next steps:** confirm the owner, set a date, and tell {name}.",
        "Would you like me to draft a message with these points?",
    ],
    refusal: "I'm sorry, I can't help with that. Let's try a different topic.",
};

pub(super) const EN_GB: Texts = Texts {
    locale: "en-gb",
    typed: &[
        "Could you summarise where we are with {topic}, please?",
        "write a polite chaser to {name} regarding {topic}",
        "What's the difference between {file} and the version from last month?",
        "give me {n} ideas for improving {topic}",
        "proofread this and keep British spelling",
        "Which of my meetings this fortnight touch on {topic}?",
        "rephrase that so it sounds less cross",
        "what was the outcome of the call with {name}",
    ],
    labels: &["Summarise thread", "Summarise this document", "Recap the meeting", "List action items", "Draft a reply"],
    summary: "Summarise this document",
    topics: &["the annual leave policy", "the Leeds office move", "the tender programme", "our VAT return", "staff training", "the supplier catalogue", "the pension scheme"],
    files: &["Tender Response", "Rota Spring", "Risk Register", "Minutes of the Board"],
    sentences: &[
        "I've had a look at {topic} across your files and chats.",
        "{name} raised two concerns, both of which are noted in {file}.",
        "Costs are {n} per cent over the plan, chiefly owing to licences.",
        "The programme is on schedule, with {n} milestones still to come.",
        "It would be sensible to organise a short call before the deadline.",
        "No one has replied to the latest message from {name} yet.",
        "Shall I put together a first draft?",
    ],
    refusal: "Sorry, I'm not able to help with this request.",
};
